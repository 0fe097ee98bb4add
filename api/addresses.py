"""The address that a request really comes from, behind proxies that we trust and no others."""

from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import structlog
from starlette.datastructures import Headers
from starlette.types import Scope

from infra.settings import settings

UNKNOWN = "unknown"
FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")
log = structlog.get_logger()
_has_warned = False

Network = IPv4Network | IPv6Network


def client_address(scope: Scope) -> str:
    """X-Forwarded-For is read from the right, over as many trusted proxies as there may be: further left anybody may write."""
    peer, port = scope.get("client") or (UNKNOWN, 0)
    if not is_trusted(peer):
        # Port 0 is a server that has read the header by itself, because somebody told it to.
        if port and not _has_warned and any(name in Headers(scope=scope) for name in FORWARDED):
            _warn(peer)
        return str(peer)
    lines = Headers(scope=scope).getlist("x-forwarded-for")
    named = [part.strip() for line in lines for part in line.split(",")]
    found = str(peer)
    for text in reversed(named[-settings().proxy_hops :]):
        address = _address(text)
        if address is None:
            break
        found = address
        if not is_trusted(address):
            break
    return found


def _address(text: str) -> str | None:
    """An address as proxies write it: bare, with a port, or in brackets."""
    bare = text.partition("]")[0].removeprefix("[") if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return str(ip_address(bare))
    except ValueError:
        return None


def is_trusted(address: str) -> bool:
    names = tuple(settings().trusted_proxies)
    return bool(names) and _lies_within(address, names)


@lru_cache(4096)
def _lies_within(address: str, names: tuple[str, ...]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return any((mapped or parsed) in network for network in trusted_networks(names))


@cache
def trusted_networks(names: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(name, strict=False) for name in names)


def _warn(peer: str) -> None:
    """Once in a process, which `client_address` looks to. A peer's public address may be a person's, so only a private one is told."""
    global _has_warned
    _has_warned = True
    log.warning("proxy.untrusted", peer=peer if _is_private(peer) else "a public address")


def _is_private(address: str) -> bool:
    try:
        return ip_address(address).is_private
    except ValueError:
        return False
