"""Leases: rows are shared without doubling, waited for longer each time, and parked at last."""

import asyncio
from datetime import timedelta

import pytest

from infra import database, leases
from infra.relay import BATCH
from tests.clocks import Clock
from tests.infra.delivery.happening import CALLED, Counter, happened, owed
from tests.patience import SECONDS_MAX


async def test_two_relays_share_and_double_nothing(counter: Counter) -> None:
    events = {(await happened()).id for _ in range(40)}
    async with database._session() as first, first.begin():
        values = leases.LEASES | {"most": leases.ATTEMPTS_MAX, "batch": 25}
        taken = {row.event_id for row in (await first.execute(leases.TAKE_DUE, values)).all()}
        # The other one does not wait for rows that the first has in hand.
        others = {row.event_id for row in await leases.take_due(BATCH)}
    assert (len(taken), len(others)) == (25, 15)
    assert taken | others == events


async def test_everything_is_taken_once_however_many_take(counter: Counter) -> None:
    events = {(await happened()).id for _ in range(30)}
    batches = await asyncio.gather(*(leases.take_due(BATCH) for _ in range(5)))
    rows = [row.event_id for batch in batches for row in batch]
    assert len(rows) == len(set(rows)) == 30
    assert set(rows) == events


async def test_it_waits_longer_each_time_and_is_parked_at_last(counter: Counter, clock: Clock) -> None:
    event = await happened()
    for attempt, wait in enumerate([5, 10, 20, 40, 80, 160, 320, 640, *[900] * 6], start=1):
        before = await clock.now()
        (row,) = await leases.take_due(BATCH)
        assert (row.event_id, row.parked_at) == (event.id, None)
        now = await owed(event)
        assert (now.attempts, now.waiting_since) == (attempt, event.occurred_at)
        assert before <= now.due_at - timedelta(seconds=wait) <= await clock.now()
        await clock.stand_at(now.due_at + timedelta(seconds=0.1))
    assert attempt == leases.ATTEMPTS_MAX
    (row,) = await leases.take_due(BATCH)
    assert row.parked_at is not None
    parked = await owed(event)
    assert (parked.parked_at, parked.waiting_since) == (row.parked_at, event.occurred_at)
    await clock.forward(days=1)
    assert await leases.take_due(BATCH) == []


async def test_a_claim_keeps_everybody_else_away_until_it_is_let_go(counter: Counter, clock: Clock) -> None:
    event = await happened()
    (row,) = await leases.take_due(BATCH)
    async with leases.claimed(row.event_id, row.reaction) as is_ours:
        assert is_ours
        async with leases.claimed(row.event_id, row.reaction) as is_theirs:
            assert not is_theirs
        await clock.forward(hours=1)  # far past the lease, and the house's clock ends no claim
        assert await leases.take_due(BATCH) == []
    let_go = await owed(event)
    assert (let_go.claimed_by, let_go.claimed_until, let_go.attempts) == (None, None, 1)
    wait = (let_go.due_at - await clock.now()).total_seconds()
    assert clock.lasting(wait) == leases.LEASE_SECONDS


async def test_a_claim_is_renewed_while_its_work_lasts(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEWED_AFTER_SECONDS", 0.02)
    event = await happened()
    async with leases.claimed(event.id, "count_inside"):
        first = (await owed(event)).claimed_until
        assert first is not None
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                now = (await owed(event)).claimed_until
                assert now is not None
                if now > first:
                    break
    assert (await owed(event)).claimed_until is None


async def test_a_claim_outlives_a_renewal_that_fails(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEWED_AFTER_SECONDS", 0.01)
    failed, real = asyncio.Event(), database.transaction

    def away() -> object:
        failed.set()
        raise OSError("the database is away")

    event = await happened()
    async with leases.claimed(event.id, "count_inside"):
        monkeypatch.setattr(leases, "transaction", away)
        async with asyncio.timeout(SECONDS_MAX):
            await failed.wait()
        monkeypatch.setattr(leases, "transaction", real)
    assert (await owed(event)).claimed_by is None


async def test_the_claim_of_a_killed_worker_ends_by_itself(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "CLAIM_SECONDS", 0)
    event = await happened()
    (row,) = await leases.take_due(BATCH)
    async with leases.claimed(event.id, row.reaction) as dead:
        async with leases.claimed(event.id, row.reaction) as heir:
            assert dead and heir
            mine = (await owed(event)).claimed_by
        assert (await owed(event)).claimed_by is None, "the heir let go of its own"
        assert mine is not None


def test_a_claim_lasts_longer_than_three_renewals_take() -> None:
    assert leases.CLAIM_SECONDS > 3 * leases.RENEWED_AFTER_SECONDS


async def park(clock: Clock) -> None:
    """Try what is due as often as it is tried at all."""
    for _ in range(leases.ATTEMPTS_MAX + 1):
        await leases.take_due(BATCH)
        await clock.forward(seconds=leases.LEASE_SECONDS_MAX + 1)


async def test_what_was_parked_is_tried_again_from_the_beginning(counter: Counter, clock: Clock) -> None:
    inside, outside = await happened(), await happened(CALLED)
    await park(clock)
    assert await leases.take_due(BATCH) == []
    assert await leases.try_again(["no_such_reaction"]) == {}
    assert await leases.try_again(["count_inside"]) == {"count_inside": 1}
    (row,) = await leases.take_due(BATCH)
    assert (row.event_id, row.reaction, row.parked_at) == (inside.id, "count_inside", None)
    now = await owed(inside)
    assert (now.attempts, now.waiting_since) == (1, inside.occurred_at), (
        "and it is not forgotten how long it has waited"
    )
    assert await leases.try_again() == {"count_outside": 1}
    assert [row.event_id for row in await leases.take_due(BATCH)] == [outside.id]
    assert await leases.try_again() == {}, "what is not parked stays as it is"
