"""The one way out: HTTP to other companies, with time limits, and never to a private address by accident."""

import asyncio
import ipaddress
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

import httpx2
import stamina

TIME_LIMITS = httpx2.Timeout(6, connect=3)
BODY_BYTES_MAX = 1_000_000
ATTEMPTS = 3
KEPT_SECONDS = 60.0
PASSING_STATUSES = frozenset({429, 502, 503, 504})
LOOKUPS_AT_ONCE = 256

# All that was ever given out; what lies elsewhere leads to a private address by some translator's way, or nowhere.
GIVEN_OUT = ipaddress.IPv6Network("2000::/3")
# These addresses are global by number, but carry an IPv4 address that may be private, or lead to a relay of such.
CARRIERS = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "2002::/16", "2001::/32", "192.88.99.0/24"))
# Global by number, and answered by the machine's own host with its secrets: Azure's and Oracle's.
OF_HOSTS = tuple(ipaddress.ip_network(net) for net in ("168.63.129.16/32", "192.0.0.0/24"))
ISATAP = (0x00005EFE, 0x02005EFE)  # the word of an IPv6 address that an IPv4 address follows, whatever its network

# Secrets sit in query strings, and the library's own log lines print whole URLs.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@cache
def lookups() -> ThreadPoolExecutor:
    """Threads for names alone: one whose name server hangs keeps its thread for half a minute, and loops have few or two."""
    return ThreadPoolExecutor(LOOKUPS_AT_ONCE, thread_name_prefix="names")


@cache
def certificates() -> ssl.SSLContext:
    """Read once: it takes longer than most calls."""
    return httpx2.create_ssl_context(trust_env=False)


class UnsafeAddress(httpx2.ConnectError):
    """The host is, or resolves to, an address that we must not call."""


class NotResolved(httpx2.ConnectError):
    """The host has no address, or none that could be learned in time."""


class TooLarge(httpx2.ReadError):
    """The answer went on past BODY_BYTES_MAX."""


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Resolves a host once, checks every address, and connects to what it checked.

    Plain HTTP and private addresses only where `allow` names the "host:port".
    """

    def __init__(self, allow: Iterable[str] = (), *, connections: int = 100, of_one_host: bool = False) -> None:
        self._allow = frozenset(allow)
        # Otherwise connections aren't kept: one to an address must not serve another name that shares it.
        limits = httpx2.Limits(
            max_connections=connections, max_keepalive_connections=of_one_host, keepalive_expiry=KEPT_SECONDS
        )
        self._inner = httpx2.AsyncHTTPTransport(
            verify=certificates(), trust_env=False, limits=limits, http1=not of_one_host, http2=of_one_host
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        addresses = await safe_addresses(request.url, self._allow)
        request.extensions = {**request.extensions, "sni_hostname": host}
        named = request.url
        for left, address in zip(range(len(addresses) - 1, -1, -1), addresses, strict=True):
            request.url = named.copy_with(host=address)
            try:
                response = await self._inner.handle_async_request(request)
                break
            except httpx2.ConnectError:
                if not left:
                    raise
        request.url = named
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Limited(response.stream)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Limited(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._inner:
            size += len(chunk)
            if size > BODY_BYTES_MAX:
                raise TooLarge("the answer is too large")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


def authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def authority_of(url: str) -> str:
    """The "host:port" of an address, as `allow` names it."""
    parsed = httpx2.URL(url)
    return authority(parsed.host, parsed.port or (443 if parsed.scheme == "https" else 80))


async def safe_addresses(url: httpx2.URL, allow: Container[str]) -> list[str]:
    """The addresses of the host, all of which may be called. Raises UnsafeAddress where one may not, ConnectError without any."""
    host = url.host
    port = url.port or (443 if url.scheme == "https" else 80)
    is_trusted = authority(host, port) in allow
    if url.scheme != "https" and not is_trusted:
        raise UnsafeAddress("plain HTTP")
    addresses = await _resolve(host, port)
    if not is_trusted and not all(is_public(address) for address in addresses):
        raise UnsafeAddress("a private address")
    return addresses


def is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if ip not in GIVEN_OUT or int(ip) >> 32 & 0xFFFFFFFF in ISATAP:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in net for net in (*CARRIERS, *OF_HOSTS))


async def _resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(TIME_LIMITS.connect):
            found = await loop.run_in_executor(
                lookups(), partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
            )
    except (OSError, UnicodeError, TimeoutError):
        raise NotResolved("the name was not found") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def options(allow: Iterable[str] = ()) -> dict[str, Any]:
    """What every client of ours is made with, Authlib's too."""
    return {
        "transport": GuardedTransport(allow),
        "timeout": TIME_LIMITS,
        "follow_redirects": False,
        "trust_env": False,
        # A compressed answer could unfold past the limit.
        "headers": {"User-Agent": "Longan", "Accept-Encoding": "identity"},
    }


def outgoing(allow: Iterable[str] = ()) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(**options(allow))


def outgoing_to(base_url: str, allow: Iterable[str] = ()) -> httpx2.AsyncClient:
    """A client of one host alone, over HTTP/2, whose connection is kept for a while."""
    transport = GuardedTransport(allow, of_one_host=True)
    return httpx2.AsyncClient(**(options(allow) | {"transport": transport, "base_url": base_url}))


async def patiently(send: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
    """Try again when the line or the other side is busy. Only for calls that may be made twice."""
    async for attempt in stamina.retry_context(
        on=_may_pass, attempts=ATTEMPTS, timeout=10, wait_initial=0.1, wait_max=1.0, wait_jitter=0.1
    ):
        with attempt:
            response = await send()
            if response.status_code in PASSING_STATUSES and attempt.num < ATTEMPTS:
                raise _Busy
    return response


class _Busy(Exception):
    """An answer that a later attempt may better."""


def _may_pass(error: Exception) -> bool:
    if isinstance(error, (UnsafeAddress, TooLarge)):
        return False
    return isinstance(error, (httpx2.TransportError, _Busy))
