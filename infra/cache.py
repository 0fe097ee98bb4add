"""The way to Valkey: limits, wake-ups and news. Nothing that must last is kept there."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from infra.settings import settings

PATIENCE_SECONDS = 1.0
REST_SECONDS = 2.0

T = TypeVar("T")
_client: redis.Redis | None = None
_away_until = 0.0


class Away(Exception):
    """Valkey does not answer. Its words are the name of the error that said so."""


async def answered(ask: Callable[[], Awaitable[T]]) -> T:
    """What Valkey answers, in short time. Raises Away.

    One that hangs is as good as one that is gone: after a question it left open nobody asks for a while, so that it
    holds up one request in this process and not all.
    """
    global _away_until
    if monotonic() < _away_until:
        raise Away("Resting")
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await ask()
    except (RedisError, OSError, TimeoutError) as error:
        _away_until = monotonic() + REST_SECONDS
        raise Away(type(error).__name__) from error


def valkey() -> redis.Redis:
    """This process's client; it connects when it is first used, and again after Valkey was away."""
    global _client
    if _client is None:
        _client = redis.Redis.from_url(
            settings().valkey_url or "",
            socket_connect_timeout=2,
            socket_timeout=2,
            retry=Retry(NoBackoff(), 1),
            health_check_interval=30,
        )
    return _client


async def close_valkey() -> None:
    global _client
    if _client is not None:
        await _client.aclose()
    _client = None
