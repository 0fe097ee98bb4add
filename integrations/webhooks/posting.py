"""Posting: one attempt over HTTP, and the one outcome that it has, whatever the other side does."""

import asyncio
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import h11
import httpx2

from infra.settings import settings
from integrations.client import UnsafeAddress, certificates, safe_addresses
from integrations.replies import pause_asked
from integrations.webhooks.deliveries import AttemptOutcome

GONE = 410
BUSY_STATUSES = frozenset({429, 502, 503, 504})
WAIT_SECONDS_MAX = 3_600  # of a Retry-After; what asks for more is asked again after so long
CLOSE_SECONDS_MAX = 1.0
HEAD_BYTES_MAX = 16_384
CHUNK_BYTES = 4_096
OURS = {"user-agent": "Longan", "accept": "*/*", "accept-encoding": "identity", "connection": "close"}


@dataclass(frozen=True)
class WebhookAnswer:
    """`wait_seconds` is what the server asked for before the next attempt."""

    outcome: AttemptOutcome
    status: int | None = None
    wait_seconds: int = 0
    milliseconds: int = 0


async def post(url: str, headers: Mapping[str, str], body: bytes) -> WebhookAnswer:
    """Post it, and wait for the head of an answer: that decides, and the connection is closed. The body is never read."""
    began = time.perf_counter()
    outcome, status, wait_seconds = await _answer(url, headers, body)
    return WebhookAnswer(outcome, status, wait_seconds, round(1_000 * (time.perf_counter() - began)))


async def _answer(url: str, headers: Mapping[str, str], body: bytes) -> tuple[AttemptOutcome, int | None, int]:
    try:
        async with asyncio.timeout(settings().webhook_limits.answer_seconds):
            head = await _exchange(httpx2.URL(url), headers, body)
    except TimeoutError:
        return AttemptOutcome.TIMED_OUT, None, 0
    except UnsafeAddress:
        return AttemptOutcome.UNSAFE_ADDRESS, None, 0
    except ssl.SSLError:
        return AttemptOutcome.TLS_FAILED, None, 0
    except httpx2.ConnectError:
        return AttemptOutcome.UNREACHABLE, None, 0
    except (OSError, h11.ProtocolError, httpx2.InvalidURL):
        return AttemptOutcome.BROKEN_OFF, None, 0
    return _outcome(head.status_code), head.status_code, _wait_seconds(head)


# A client of its own, a third as costly as one with pools, redirects and bodies: of all that it wants only the head.
async def _exchange(url: httpx2.URL, headers: Mapping[str, str], body: bytes) -> h11.Response:
    """The head of the answer. Raises UnsafeAddress, ConnectError, OSError (SSLError is one) and ProtocolError."""
    addresses = await safe_addresses(url, frozenset(settings().webhook_allow))
    reader, writer = await _connect(url, addresses)
    try:
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES_MAX)
        told = {"host": url.netloc.decode(), **OURS, "content-length": str(len(body)), **headers}
        request = h11.Request(method="POST", target=url.raw_path, headers=[*told.items()])
        parts = (request, h11.Data(body), h11.EndOfMessage())
        writer.write(b"".join(filter(None, map(connection.send, parts))))
        await writer.drain()
        return await _head(connection, reader)
    finally:
        writer.close()


async def _head(connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Response:
    """What is said before it, such as 100 Continue, counts to its length: else it would be heard for as long as it comes."""
    left = HEAD_BYTES_MAX
    while not isinstance(event := connection.next_event(), h11.Response):
        if event is h11.NEED_DATA:
            came = await reader.read(CHUNK_BYTES)
            left -= len(came)
            connection.receive_data(came)
        elif not isinstance(event, h11.InformationalResponse):
            raise h11.RemoteProtocolError("no answer")
        if left < 0:
            raise h11.RemoteProtocolError("a head without end")
    return event


async def _connect(url: httpx2.URL, addresses: Sequence[str]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To the first of these very addresses that listens; the certificate must be valid for the name."""
    is_tls = url.scheme == "https"
    for address in addresses:
        try:
            return await asyncio.open_connection(
                address,
                url.port or (443 if is_tls else 80),
                limit=CHUNK_BYTES,
                ssl=certificates() if is_tls else None,
                server_hostname=url.host if is_tls else None,
                ssl_shutdown_timeout=CLOSE_SECONDS_MAX if is_tls else None,
            )
        except ssl.SSLError:
            raise
        except OSError:
            continue
    raise httpx2.ConnectError("nobody listens there")


def _outcome(status: int) -> AttemptOutcome:
    if 200 <= status < 300:
        return AttemptOutcome.DELIVERED
    if 300 <= status < 400:
        return AttemptOutcome.REDIRECTED
    if status == GONE:
        return AttemptOutcome.GONE
    return AttemptOutcome.UNAVAILABLE if status in BUSY_STATUSES else AttemptOutcome.REFUSED


def _wait_seconds(head: h11.Response) -> int:
    asked = pause_asked(dict(head.headers).get(b"retry-after", b"").decode("latin-1"))
    return ceil(min(asked or 0, WAIT_SECONDS_MAX))
