"""What a setting that is an address may be, each kind with the words for what would be right."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from infra import postgres_url


def _host(name: str) -> str:
    parsed = _split(f"//{name if ':' not in name else f'[{name}]'}")
    if not name or parsed is None or not parsed[1] or set(name) & set("/?#@ []"):
        raise ValueError("should be an address or a name of this machine, as 127.0.0.1")
    return name


def _address(url: str, *schemes: str) -> str:
    """`scheme://host[:port]...`, without a fragment."""
    parsed = _split(url)
    if parsed is None or parsed[0] not in schemes or not parsed[1] or "#" in url:
        raise ValueError(f"should be an address that begins with {' or '.join(f'{each}://' for each in schemes)}")
    return url


def _split(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port; None where it is no address at all."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parsed = urlsplit(url)
        if parsed.port == 0:
            return None
        return parsed.scheme, parsed.hostname or "", parsed.port
    except ValueError:
        return None


def _web(url: str) -> str:
    return _address(url, "https", "http")


def _origin(url: str) -> str:
    if _address(url, "https", "http").rstrip("/").count("/") != 2 or "?" in url or "@" in url or url.endswith("/"):
        raise ValueError("should be scheme, host and port alone, as https://longan.example")
    return url


def _host_pattern(name: str) -> str:
    parsed = _split(f"//{name.removeprefix('*.')}")
    if parsed is None or not parsed[1] or parsed[2] is not None or set(name.removeprefix("*.")) & set("/?#@*:"):
        raise ValueError("should be a name without a port, as api.example.com or *.example.com")
    return name


def _redirect(url: str) -> str:
    return _address(url, "https")


def _authority(text: str) -> str:
    parsed = _split(f"//{text}")
    if parsed is None or not parsed[1] or parsed[2] is None or set(text) & set("/?#@"):
        raise ValueError("should be host:port, as 10.0.0.7:8443")
    return text


def _redis(url: str) -> str:
    from redis.connection import parse_url

    _address(url, "redis", "rediss")
    try:
        parse_url(url)  # type: ignore[no-untyped-call]
        # What is no number is database 0 to this client, and a mistake to the broker's.
        if not re.fullmatch(r"/?[0-9]{0,4}", urlsplit(url).path):
            raise ValueError
    except ValueError:
        raise ValueError("should be redis://[:password@]host:port/number, or the same with rediss://") from None
    return url


def _broker(url: str) -> str:
    if urlsplit(url).scheme in {"redis", "rediss"}:
        return _redis(url)
    return _address(url, "amqp", "amqps", "redis", "rediss")


Host = Annotated[str, AfterValidator(_host)]
WebAddress = Annotated[str, AfterValidator(_web)]
Origin = Annotated[str, AfterValidator(_origin)]
HostPattern = Annotated[str, AfterValidator(_host_pattern)]
Redirect = Annotated[str, AfterValidator(_redirect)]
Authority = Annotated[str, AfterValidator(_authority)]
PostgresUrl = Annotated[str, AfterValidator(postgres_url.checked)]
ValkeyUrl = Annotated[str, AfterValidator(_redis)]
BrokerUrl = Annotated[str, AfterValidator(_broker)]
