"""The way to Valkey: rates, wake-ups and news. Nothing that must last is kept there."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from infra import lasting
from infra.settings import settings

PATIENCE_SECONDS = 1.0
SOCKET_SECONDS = 2.0  # to connect, and to read what comes
REST_SECONDS = 2.0

T = TypeVar("T")
_client: redis.Redis | None = None


class Away(Exception):
    """Valkey does not answer. Its words are the name of the error that said so."""


class Rest:
    """After a question that Valkey left open nobody asks for a while; then one asks, and the others when it was answered.

    So one that hangs holds up one request of a process at a time. Whatever is counted is counted here meanwhile.
    """

    def __init__(self) -> None:
        self.until: float | None = None

    def begin(self) -> None:
        self.until = monotonic() + REST_SECONDS

    def end(self) -> None:
        self.until = None

    def lets_ask(self) -> bool:
        if self.until is None:
            return True
        if monotonic() < self.until:
            return False
        self.begin()  # this one asks, the others go on waiting
        return True


_rest = Rest()


async def answered(ask: Callable[[], Awaitable[T]]) -> T:
    """What Valkey answers, in short time. Raises Away."""
    lasting.doubt("valkey")
    if not _rest.lets_ask():
        raise Away("Resting")
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer = await ask()
    except (RedisError, OSError, TimeoutError) as error:
        _rest.begin()
        raise Away(type(error).__name__) from error
    _rest.end()
    return answer


def valkey() -> redis.Redis:
    """This process's client; it connects when it is first used, and again after Valkey was away."""
    global _client
    if _client is None:
        _client = redis.Redis.from_url(
            settings().valkey_url or "",
            socket_connect_timeout=SOCKET_SECONDS,
            socket_timeout=SOCKET_SECONDS,
            retry=Retry(NoBackoff(), 1),
            health_check_interval=30,
        )
    return _client


async def close_valkey() -> None:
    global _client
    if _client is not None:
        await _client.aclose()
    _client = None
