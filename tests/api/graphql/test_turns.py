"""One network's requests are answered so many at a time, and its bursts drawn out; refusals take their time too."""

import asyncio
import time

import httpx2
import pytest

from api.graphql import admitting, turns
from api.graphql.turns import turn
from infra.limiter import Bursts
from infra.settings import settings
from tests.patience import SECONDS_MAX
from tests.phones import new_key


class TestTurns:
    async def test_are_so_many_at_a_time_in_the_order_of_coming(self) -> None:
        seen: list[tuple[str, int]] = []
        goes = asyncio.Event()

        async def come(number: int) -> None:
            async with turn("a", 2):
                seen.append(("in", number))
                await goes.wait()
            seen.append(("out", number))

        async with asyncio.timeout(SECONDS_MAX), asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(come(number))
            while len(seen) < 2:
                await asyncio.sleep(0)
            for _ in range(20):
                await asyncio.sleep(0)
            assert seen == [("in", 0), ("in", 1)]
            async with turn("b", 2):  # somebody else does not wait
                pass
            goes.set()
        assert [number for what, number in seen if what == "in"] == [0, 1, 2, 3, 4]
        assert (turns._lines, +turns._standing) == ({}, {})

    async def test_of_who_goes_away_is_anothers(self) -> None:
        async with turn("a", 1):
            waiting = asyncio.create_task(_take("a"))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.wait_for(_take("a"), SECONDS_MAX)
        assert turns._lines == {}

    async def test_hold_at_the_door(self, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings().request_limits, "at_once_per_address", 1)
        async with turn("127.0.0.1 with no token", 1):
            asking = asyncio.create_task(web.post("/graphql", json={"query": "{ __typename }"}))
            with_token = await web.post(
                "/graphql", json={"query": "{ __typename }"}, headers={"authorization": "Bearer x"}
            )
            assert with_token.status_code == 401
            assert (await web.get("/healthz")).status_code == 200
            assert not asking.done()
        assert (await asking).json()["data"] == {"__typename": "Query"}


async def _take(name: str) -> None:
    async with turn(name, 1):
        pass


class TestABurst:
    def test_is_free_up_to_its_size_and_then_as_fast_as_the_rate(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [1_000.0]
        monkeypatch.setattr(time, "monotonic", lambda: now[0])
        bursts = Bursts()

        def delay(cost: int, name: str = "a") -> float:
            return bursts.delay(name, cost, at_once=100, per_second=10)

        assert [delay(40), delay(60), delay(20), delay(10), delay(100, "b")] == [0.0, 0.0, 2.0, 3.0, 0.0]
        now[0] += 3
        assert delay(10) == 1.0
        now[0] += 1_000
        assert [delay(100), delay(5)] == [0.0, 0.5]
        assert delay(1_000, "c") == 90.0

    def test_of_the_least_recent_is_forgotten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Bursts, "KEYS_MAX", 2)
        bursts = Bursts()
        for name in "abac":
            bursts.delay(name, 1, at_once=1, per_second=1)
        assert list(bursts._paid_until) == ["a", "c"]

    async def test_of_a_visitor_is_drawn_out(self, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(admitting, "_names_of", lambda asker, name=new_key(): [(name, 1)])
        monkeypatch.setattr(settings().request_limits, "visitor_cost_per_burst", 10)
        monkeypatch.setattr(settings().request_limits, "visitor_cost_per_minute", 1_200)
        began = time.monotonic()
        for _ in range(10):
            response = await web.post("/graphql", json={"query": "{ accountProviders { key } }"})
            assert response.status_code == 200
        # Twenty fields and, where nobody had asked this before, seven words; of which ten are free, the others 20 a second.
        assert time.monotonic() - began >= 0.4


async def test_a_refusal_takes_its_time(web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admitting, "_names_of", lambda asker, name=new_key(): [(name, 1)])
    monkeypatch.setattr(settings().request_limits, "visitor_cost_per_minute", 1)
    began = time.monotonic()
    response = await web.post("/graphql", json={"query": "{ accountProviders { key } }"})
    assert response.status_code == 429
    assert time.monotonic() - began >= admitting.REFUSED_SECONDS
