"""The way to Valkey: limits, wake-ups and news. Nothing that must last is kept there."""

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from infra.settings import settings

_client: redis.Redis | None = None


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
