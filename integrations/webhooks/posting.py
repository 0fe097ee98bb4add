"""Posting: one attempt over HTTP, and the one outcome that it has, whatever the other side does."""

import asyncio
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import httpx2

from infra.settings import settings
from integrations.client import GuardedTransport, UnsafeAddress, options
from integrations.webhooks.deliveries import AttemptOutcome

GONE = 410
BUSY_STATUSES = frozenset({429, 502, 503, 504})
WAIT_SECONDS_MAX = 3_600  # of a Retry-After; what asks for more is asked again after so long
CLOSE_SECONDS_MAX = 1.0


@dataclass(frozen=True)
class WebhookAnswer:
    """`wait_seconds` is what the server asked for before the next attempt."""

    outcome: AttemptOutcome
    status: int | None = None
    wait_seconds: int = 0
    milliseconds: int = 0


def poster() -> httpx2.AsyncClient:
    """A client for all attempts of a sender; it opens a connection for each, to an address that it has just checked."""
    limits = settings().webhook_limits
    transport = GuardedTransport(settings().webhook_allow, connections=limits.at_once)
    return httpx2.AsyncClient(**options() | {"transport": transport, "timeout": httpx2.Timeout(limits.answer_seconds)})


async def post(client: httpx2.AsyncClient, url: str, headers: Mapping[str, str], body: bytes) -> WebhookAnswer:
    """Post it, and wait for the head of an answer: that decides, and the connection is closed. The body is never read."""
    began = time.perf_counter()
    outcome, status, wait_seconds = await _answer(client, url, headers, body)
    return WebhookAnswer(outcome, status, wait_seconds, round(1_000 * (time.perf_counter() - began)))


async def _answer(
    client: httpx2.AsyncClient, url: str, headers: Mapping[str, str], body: bytes
) -> tuple[AttemptOutcome, int | None, int]:
    try:
        async with asyncio.timeout(settings().webhook_limits.answer_seconds):
            request = client.build_request("POST", url, content=body, headers=headers)
            response = await client.send(request, stream=True)
    except (TimeoutError, httpx2.TimeoutException):
        return AttemptOutcome.TIMED_OUT, None, 0
    except UnsafeAddress:
        return AttemptOutcome.UNSAFE_ADDRESS, None, 0
    except httpx2.ConnectError as error:
        is_tls = any(isinstance(each, ssl.SSLError) for each in _causes(error))
        return (AttemptOutcome.TLS_FAILED if is_tls else AttemptOutcome.UNREACHABLE), None, 0
    except (httpx2.TransportError, httpx2.InvalidURL, OSError):
        return AttemptOutcome.BROKEN_OFF, None, 0
    with suppress(TimeoutError, httpx2.TransportError, OSError):
        async with asyncio.timeout(CLOSE_SECONDS_MAX):
            await response.aclose()
    return _outcome(response.status_code), response.status_code, _wait_seconds(response)


def _outcome(status: int) -> AttemptOutcome:
    if 200 <= status < 300:
        return AttemptOutcome.DELIVERED
    if 300 <= status < 400:
        return AttemptOutcome.REDIRECTED
    if status == GONE:
        return AttemptOutcome.GONE
    return AttemptOutcome.UNAVAILABLE if status in BUSY_STATUSES else AttemptOutcome.REFUSED


def _wait_seconds(response: httpx2.Response) -> int:
    said = response.headers.get("retry-after", "")
    return min(int(said), WAIT_SECONDS_MAX) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def _causes(error: BaseException) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
