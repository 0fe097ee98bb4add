"""Rates of cost and reads, counted in Valkey by all processes; while it is away, each process allows its own share.

What must hold whatever happens (codes, sign-in, tokens, look-ups, money) is counted in Postgres: see `counters`.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import ConnectionPool

from infra.cache import Away, answered, valkey
from infra.setting_parts import Rate
from infra.settings import settings

log = structlog.get_logger()


class LocalCounts:
    """What this process let through, whether Valkey counted it or not: so whoever has had it all finds nothing fresh where
    Valkey goes away or is wiped.
    """

    KEYS_MAX = 20_000  # the least recently used are forgotten

    def __init__(self) -> None:
        self._windows: OrderedDict[tuple[str, ...], tuple[float, int]] = OrderedDict()

    def add(self, rate: Rate, key: tuple[str, ...], cost: int) -> None:
        ends, used = self._window(rate, key)
        self._windows[key] = ends, used + cost
        self._windows.move_to_end(key)
        if len(self._windows) > self.KEYS_MAX:
            self._windows.popitem(last=False)

    def is_over(self, rate: Rate, key: tuple[str, ...], cost: int, share: float = 1.0) -> bool:
        """Whether this share of the rate has no room for `cost`; of a rate of nothing there is no share."""
        _, used = self._window(rate, key)
        return used + cost > (max(1, int(rate.times * share)) if rate.times else 0)

    def _window(self, rate: Rate, key: tuple[str, ...]) -> tuple[float, int]:
        now = time.monotonic()
        ends, used = self._windows.get(key, (0.0, 0))
        return (ends, used) if now < ends else (now + rate.seconds, 0)


class Bursts:
    """Lets so much through at once, and then so much a second, by the virtual clock of a leaky bucket (ITU-T I.371). In this process."""

    KEYS_MAX = 20_000

    def __init__(self) -> None:
        self._paid_until: OrderedDict[str, float] = OrderedDict()

    def delay(self, name: str, cost: float, *, at_once: float, per_second: float) -> float:
        """Count `cost`; the seconds to wait for it."""
        now = time.monotonic()
        paid_until = max(now, self._paid_until.get(name, now)) + cost / per_second
        self._paid_until[name] = paid_until
        self._paid_until.move_to_end(name)
        if len(self._paid_until) > self.KEYS_MAX:
            self._paid_until.popitem(last=False)
        return max(0.0, paid_until - now - at_once / per_second)


_here = LocalCounts()


def _limiter() -> SlidingWindowCounterRateLimiter:
    return _limiter_over(valkey().connection_pool)


@lru_cache(1)
def _limiter_over(pool: ConnectionPool) -> SlidingWindowCounterRateLimiter:
    uri = f"async+{settings().valkey_url}"
    storage = RedisStorage(uri, implementation="redispy", key_prefix="longan", connection_pool=pool)  # type: ignore[arg-type]
    return SlidingWindowCounterRateLimiter(storage)


async def is_over(rate: Rate, *key: str, cost: int = 1) -> bool:
    """Count `cost` uses; True where they are more than the rate allows."""
    item = RateLimitItemPerSecond(rate.times, rate.seconds)
    try:
        over = _here.is_over(rate, key, cost) or not await answered(lambda: _limiter().hit(item, *key, cost=cost))
    except Away as error:
        log.warning("limiter.away", error=str(error))
        over = _here.is_over(rate, key, cost, settings().local_share)
    if not over:
        _here.add(rate, key, cost)
    return over


@dataclass
class _Tab:
    """What was let through and not counted yet."""

    since: float
    cost: int = 0
    strict_until: float = 0.0  # after one that was over, each is asked for


class Tabs:
    """Costs that are put on a tab here and counted for all processes once they are a hundredth of the rate, or ten seconds
    old. So each process lets through at most that hundredth more than was counted; whoever is over is asked for each time.
    """

    KEYS_MAX = 20_000
    PARTS, SECONDS = 100, 10.0

    def __init__(self) -> None:
        self._tabs: OrderedDict[tuple[str, ...], _Tab] = OrderedDict()

    async def is_over(self, rate: Rate, *key: str, cost: int = 1) -> bool:
        """Count `cost` uses, now or soon; True where they are more than the rate allows."""
        now, tab = time.monotonic(), self._of(key)
        tab.cost += cost
        is_due = tab.cost * self.PARTS >= rate.times or now - tab.since >= self.SECONDS or now < tab.strict_until
        if not is_due and not _here.is_over(rate, key, tab.cost):
            return False
        owed, tab.cost, tab.since = tab.cost, 0, now
        over = await is_over(rate, *key, cost=owed)
        if over:
            tab.strict_until = now + rate.seconds
        return over

    def _of(self, key: tuple[str, ...]) -> _Tab:
        tab = self._tabs.setdefault(key, _Tab(time.monotonic()))
        self._tabs.move_to_end(key)
        if len(self._tabs) > self.KEYS_MAX:
            self._tabs.popitem(last=False)
        return tab
