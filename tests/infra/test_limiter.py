"""Limits that all processes share, and that never stand in the way while Valkey is away."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from redis.exceptions import ConnectionError as ValkeyAway

from infra import cache, limiter
from infra.ids import new_id
from infra.settings import Rate

NOW = datetime(2026, 11, 22, tzinfo=UTC)


async def test_so_many_and_no_more_and_from_when_again() -> None:
    key, rate = str(new_id()), Rate(times=3, seconds=600)
    for _ in range(3):
        assert await limiter.wait_after(rate, "test", key, now=NOW) is None
    retry_at = await limiter.wait_after(rate, "test", key, now=NOW)
    assert retry_at is not None
    assert timedelta(seconds=1) <= retry_at - NOW <= timedelta(seconds=1200)


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


@pytest.mark.parametrize("failure", [ValkeyAway("away"), OSError("away")])
async def test_nothing_is_limited_while_valkey_is_away(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    class Away:
        async def hit(self, *_: object, **__: object) -> bool:
            raise failure

    monkeypatch.setattr(limiter, "_limiter", Away)
    monkeypatch.setattr(cache, "_away_until", 0.0)
    rate = Rate(times=0, seconds=600)
    assert await limiter.wait_after(rate, "test", now=NOW) is None
    assert not await limiter.is_over(rate, "test")


async def test_a_valkey_that_hangs_holds_up_one_request_and_not_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_away_until", 0.0)
    monkeypatch.setattr(cache, "PATIENCE_SECONDS", 0.05)
    rate, asked = Rate(times=1, seconds=600), []

    class Hanging:
        async def hit(self, *_: object, **__: object) -> bool:
            asked.append(True)
            await asyncio.Event().wait()
            return False

    monkeypatch.setattr(limiter, "_limiter", Hanging)
    for _ in range(3):
        assert not await limiter.is_over(rate, "test")
    assert len(asked) == 1
    monkeypatch.setattr(cache, "_away_until", 0.0)
    assert not await limiter.is_over(rate, "test")
    assert len(asked) == 2
