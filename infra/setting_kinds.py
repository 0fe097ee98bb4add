"""What a setting may be, each kind with the words for what would be right. No value is ever repeated: it may be a secret."""

import base64
import binascii
import ipaddress
import json
import logging
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator, Field, SecretStr

from infra import postgres_url, rsa_keys

KEY_BYTES = 32
TOKEN_CHARACTERS_MIN = 16
YEAR_SECONDS = 366 * 86_400

# Beyond these nobody means what they write, and times and columns have ends.
Times = Annotated[int, Field(ge=1, le=1_000_000_000)]
Few = Annotated[int, Field(ge=1, le=1_000)]
TimesOrNone = Annotated[int, Field(ge=0, le=1_000_000_000)]
WholeSeconds = Annotated[int, Field(ge=1, le=YEAR_SECONDS)]
Seconds = Annotated[float, Field(gt=0, le=YEAR_SECONDS, allow_inf_nan=False)]
Days = Annotated[int, Field(ge=1, le=3_660)]
Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Batch = Annotated[int, Field(ge=1, le=100_000)]
PerSecond = Annotated[float, Field(ge=0.001, le=1_000_000, allow_inf_nan=False)]
Minutes = Annotated[int, Field(ge=1, le=1_440)]
Milliseconds = Annotated[int, Field(ge=100, le=3_600_000)]
Minor = Annotated[int, Field(ge=0, le=2**53)]  # money in minor units
Version = Annotated[int, Field(ge=1, le=999_999_999)]
PortNumber = Annotated[int, Field(ge=1, le=65_535)]


def _key(value: SecretStr) -> SecretStr:
    try:
        known = base64.b64decode(value.get_secret_value(), validate=True)
    except (binascii.Error, ValueError):
        known = b""
    if len(known) != KEY_BYTES:
        raise ValueError(f"should be the base64 of {KEY_BYTES} bytes, as `longan keys new` prints it")
    return value


def _key_version(text: str) -> str:
    if not (text.isascii() and text.isdigit() and text[0] != "0" and len(text) < 10):
        raise ValueError("should be called by a version, as 1")
    return text


def _name(text: str) -> str:
    if not (text.isascii() and text.replace("-", "").replace("_", "").isalnum()):
        raise ValueError("should be called by letters and digits, as wechat")
    return text


def _token(value: SecretStr) -> SecretStr:
    shown = value.get_secret_value()
    if len(shown) < TOKEN_CHARACTERS_MIN or not shown.isascii() or not shown.isprintable() or " " in shown:
        raise ValueError(f"should be {TOKEN_CHARACTERS_MIN} or more letters, digits and signs without spaces")
    return value


def _filled_secret(value: SecretStr) -> SecretStr:
    _filled(value.get_secret_value())
    return value


def _elliptic_key(value: SecretStr) -> SecretStr:
    try:
        key = load_pem_private_key(value.get_secret_value().encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, EllipticCurvePrivateKey):
        raise ValueError("should be the text of the .p8 file, a private key of P-256")
    return value


def _rsa_private(value: SecretStr) -> SecretStr:
    try:
        rsa_keys.private_key(value.get_secret_value())
    except ValueError:
        raise ValueError("should be a private RSA key of 2,048 bits or more, as PEM or as its base64") from None
    return value


def _rsa_public(text: str) -> str:
    try:
        rsa_keys.public_key(text)
    except ValueError:
        raise ValueError("should be a public RSA key or a certificate, as PEM or as its base64") from None
    return text


def _sealing_key(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value().encode()) != KEY_BYTES:
        raise ValueError(f"should be of {KEY_BYTES} characters")
    return value


def _service_account(value: SecretStr) -> SecretStr:
    try:
        account = json.loads(value.get_secret_value())
        key = load_pem_private_key(account["private_key"].encode(), None)
        is_whole = isinstance(key, RSAPrivateKey) and all(
            isinstance(account[name], str) and account[name] for name in ("project_id", "client_email")
        )
    except (ValueError, TypeError, KeyError, AttributeError, UnsupportedAlgorithm):
        is_whole = False
    if not is_whole:
        raise ValueError("should be a service account's JSON, with project_id, client_email and private_key")
    return value


def _filled(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("should not be empty, nor hold characters that cannot be printed")
    return value


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("should be a time zone of the IANA list, as Asia/Shanghai") from None
    return name


def _currency(code: str) -> str:
    from infra.money import decimals

    code = code.upper()  # names of variables come in small letters
    try:
        decimals(code)
    except ValueError:
        raise ValueError("should be a currency of ISO 4217, as CNY") from None
    return code


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError("should be an address or a network, as 10.0.0.0/8") from None
    return text


def _country(code: str) -> str:
    from phonenumbers import SUPPORTED_REGIONS

    if code not in SUPPORTED_REGIONS:
        raise ValueError("should be a country of ISO 3166-1 in two capital letters, as CN")
    return code


def _number_type(name: str) -> str:
    from phonenumbers import PhoneNumberType

    known = sorted(each for each in vars(PhoneNumberType) if each.isupper())
    if name not in known:
        raise ValueError(f"should be one of {', '.join(known)}")
    return name


def _log_level(name: str) -> str:
    if name.upper() not in logging.getLevelNamesMapping():
        raise ValueError("should be DEBUG, INFO, WARNING, ERROR or CRITICAL")
    return name.upper()


def _folder(path: Path) -> Path:
    try:
        is_other = path.exists() and not path.is_dir()
    except (OSError, ValueError):
        is_other = True
    if is_other:
        raise ValueError("should be a folder, or where one can be made")
    return path


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


EllipticKey = Annotated[SecretStr, AfterValidator(_elliptic_key)]
RsaPrivateKey = Annotated[SecretStr, AfterValidator(_rsa_private)]
RsaPublicKey = Annotated[str, AfterValidator(_rsa_public)]
SealingKey = Annotated[SecretStr, AfterValidator(_sealing_key)]
ServiceAccount = Annotated[SecretStr, AfterValidator(_service_account)]
Filled = Annotated[str, AfterValidator(_filled)]
FilledSecret = Annotated[SecretStr, AfterValidator(_filled_secret)]
Key = Annotated[SecretStr, AfterValidator(_key)]
KeyVersion = Annotated[str, AfterValidator(_key_version)]
Name = Annotated[str, AfterValidator(_name)]
Token = Annotated[SecretStr, AfterValidator(_token)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Currency = Annotated[str, AfterValidator(_currency)]
Network = Annotated[str, AfterValidator(_network)]
Country = Annotated[str, AfterValidator(_country)]
NumberType = Annotated[str, AfterValidator(_number_type)]
LogLevel = Annotated[str, AfterValidator(_log_level)]
Folder = Annotated[Path, AfterValidator(_folder)]
Host = Annotated[str, AfterValidator(_host)]
WebAddress = Annotated[str, AfterValidator(_web)]
Origin = Annotated[str, AfterValidator(_origin)]
HostPattern = Annotated[str, AfterValidator(_host_pattern)]
Redirect = Annotated[str, AfterValidator(_redirect)]
Authority = Annotated[str, AfterValidator(_authority)]
PostgresUrl = Annotated[str, AfterValidator(postgres_url.checked)]
ValkeyUrl = Annotated[str, AfterValidator(_redis)]
BrokerUrl = Annotated[str, AfterValidator(_broker)]
