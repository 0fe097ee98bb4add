"""Rate limits in Valkey, shared by all processes."""

import time
from datetime import datetime, timedelta
from functools import cache

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from infra.cache import Away, answered
from infra.settings import Rate, settings

log = structlog.get_logger()


@cache
def _limiter() -> SlidingWindowCounterRateLimiter:
    uri = (settings().valkey_url or "").replace("redis://", "async+redis://", 1)
    return SlidingWindowCounterRateLimiter(RedisStorage(uri, implementation="redispy", key_prefix="longan"))


async def wait_after(rate: Rate, *key: str, now: datetime, cost: int = 1) -> datetime | None:
    """Count one use; None where it is within the rate, otherwise the time from which it would be.

    While Valkey is away nothing is limited here: what must hold is counted in Postgres too.
    """
    item = RateLimitItemPerSecond(rate.times, rate.seconds)
    try:
        if await answered(lambda: _limiter().hit(item, *key, cost=cost)):
            return None
        window = await answered(lambda: _limiter().get_window_stats(item, *key))
    except Away as error:
        log.warning("limiter.away", error=str(error))
        return None
    return now + timedelta(seconds=max(1.0, window.reset_time - time.time()))


async def is_over(rate: Rate, *key: str, cost: int = 1) -> bool:
    """Count `cost` uses; True where they are more than the rate allows."""
    item = RateLimitItemPerSecond(rate.times, rate.seconds)
    try:
        return not await answered(lambda: _limiter().hit(item, *key, cost=cost))
    except Away as error:
        log.warning("limiter.away", error=str(error))
        return False
