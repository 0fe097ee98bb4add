"""Rates that all processes share, and of which each keeps its own share while Valkey is away, hangs, is full or wiped."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from infra import cache, limiter
from infra.cache import Away
from infra.embedded.valkey import Valkey
from infra.ids import new_id
from infra.running.programs import Process
from infra.setting_parts import Rate
from infra.settings import settings
from tests.patience import SECONDS_MAX


async def test_so_many_and_no_more() -> None:
    key, rate = str(new_id()), Rate(times=3, seconds=600)
    assert [await limiter.is_over(rate, "test", key) for _ in range(4)] == [False, False, False, True]


async def test_keys_and_names_are_counted_apart() -> None:
    key, rate = str(new_id()), Rate(times=1, seconds=600)
    assert not await limiter.is_over(rate, "test", key)
    assert await limiter.is_over(rate, "test", key)
    assert not await limiter.is_over(rate, "test", f"{key}x")
    assert not await limiter.is_over(rate, "other", key)


async def test_a_cost_counts_as_often() -> None:
    key, rate = str(new_id()), Rate(times=10, seconds=600)
    assert not await limiter.is_over(rate, "test", key, cost=10)
    assert await limiter.is_over(rate, "test", key, cost=1)


class TestWithoutValkey:
    @pytest.fixture
    async def valkey(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Process]:
        """One of the test's own, which it may treat as it likes."""
        server = Valkey(tmp_path / "valkey")
        process = Process(server.program(tmp_path / "valkey.log"), tmp_path)
        process.wait_until_ready()
        monkeypatch.setattr(settings(), "valkey_url", server.url)
        async with afresh(monkeypatch):
            yield process
        process.stop()

    @pytest.fixture
    def hung(self, valkey: Process) -> AbstractContextManager[None]:
        """It answers nothing inside, and nobody waits long for it there."""

        @contextmanager
        def hanging() -> Iterator[None]:
            with pytest.MonkeyPatch.context() as impatient:
                impatient.setattr(cache, "PATIENCE_SECONDS", 0.2)
                valkey.popen.send_signal(signal.SIGSTOP)
                yield
                valkey.popen.send_signal(signal.SIGCONT)

        return hanging()

    RATE = Rate(times=40, seconds=600)  # of which a process alone allows ten

    async def test_stopped(self, valkey: Process) -> None:
        valkey.stop()
        assert await allowed(self.RATE, 40) == 10

    async def test_hung(self, hung: AbstractContextManager[None], monkeypatch: pytest.MonkeyPatch) -> None:
        """One waits for it, not each."""
        monkeypatch.setattr(cache, "REST_SECONDS", 600)
        real, asked = limiter._limiter, []

        def counting() -> SlidingWindowCounterRateLimiter:
            asked.append(True)
            return real()

        monkeypatch.setattr(limiter, "_limiter", counting)
        with hung:
            assert await allowed(self.RATE, 40) == 10
        assert len(asked) == 1

    async def test_full(self, valkey: Process) -> None:
        await cache.valkey().config_set("maxmemory", 1)
        assert await allowed(self.RATE, 40) == 10

    async def test_wiped_it_gives_nobody_a_fresh_rate(self, valkey: Process) -> None:
        key = str(new_id())
        assert await allowed(self.RATE, 50, key) == 40
        await cache.valkey().flushall()
        assert await allowed(self.RATE, 50, key) == 0

    async def test_whoever_had_the_share_finds_no_fresh_one_when_it_goes_away(self, valkey: Process) -> None:
        used_up, began = str(new_id()), str(new_id())
        assert await allowed(self.RATE, 30, used_up) == 30
        assert await allowed(self.RATE, 4, began) == 4
        valkey.stop()
        assert await allowed(self.RATE, 40, used_up) == 0
        assert await allowed(self.RATE, 40, began) == 6

    async def test_a_question_left_open_opens_nothing(self, valkey: Process, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever makes one hang, as by a slow answer, makes the others be counted here."""
        key = str(new_id())
        assert await allowed(self.RATE, 40, key) == 40
        monkeypatch.setattr(cache, "PATIENCE_SECONDS", 0.05)
        with pytest.raises(Away):
            await cache.answered(asyncio.Event().wait)
        assert await allowed(self.RATE, 40, key) == 0

    async def test_it_is_asked_again_when_it_is_back(
        self, hung: AbstractContextManager[None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cache, "REST_SECONDS", 0.3)
        with hung:
            assert await allowed(self.RATE, 20) == 10
        async with asyncio.timeout(SECONDS_MAX):
            while cache._rest.until is not None:
                await asyncio.sleep(0.05)
                await limiter.is_over(self.RATE, "test", str(new_id()))
        assert await allowed(self.RATE, 50) == 40


async def allowed(rate: Rate, times: int, key: str | None = None) -> int:
    """How many of so many uses are within the rate."""
    key = key or str(new_id())
    return sum([not await limiter.is_over(rate, "test", key) for _ in range(times)])


@asynccontextmanager
async def afresh(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """With connections of its own and no memory, and the house's again afterwards."""
    monkeypatch.setattr(cache, "_client", None)
    monkeypatch.setattr(cache, "_rest", cache.Rest())
    monkeypatch.setattr(limiter, "_here", limiter.LocalCounts())
    yield
    await cache.close_valkey()


class TestHere:
    def test_it_forgets_the_least_recently_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        here, rate = limiter.LocalCounts(), Rate(times=1, seconds=600)
        monkeypatch.setattr(here, "KEYS_MAX", 2)
        for name in ("a", "b", "c"):
            here.add(rate, (name,), 1)
        assert [here.is_over(rate, (name,), 1) for name in ("a", "b", "c")] == [False, True, True]

    def test_a_share_allows_one_at_least_and_nothing_of_nothing(self) -> None:
        here = limiter.LocalCounts()
        assert not here.is_over(Rate(times=2, seconds=600), ("a",), 1, share=0.25)
        assert here.is_over(Rate.model_construct(times=0, seconds=600), ("a",), 1, share=0.25)


async def test_one_that_hangs_holds_up_one_request_and_not_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_rest", cache.Rest())
    monkeypatch.setattr(cache, "PATIENCE_SECONDS", 0.05)
    rate, asked = Rate(times=100, seconds=600), []

    class Hanging:
        async def hit(self, *_: object, **__: object) -> bool:
            asked.append(True)
            await asyncio.Event().wait()
            return False

    monkeypatch.setattr(limiter, "_limiter", Hanging)
    for _ in range(3):
        assert not await limiter.is_over(rate, "test", str(new_id()))
    assert len(asked) == 1
    # When the rest is over, one asks for all.
    monkeypatch.setattr(cache._rest, "until", 0.0)
    assert not any(await asyncio.gather(*(limiter.is_over(rate, "test", str(new_id())) for _ in range(5))))
    assert len(asked) == 2
