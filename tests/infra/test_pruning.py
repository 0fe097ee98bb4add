"""Forgetting by night: batch by batch, until there is no more, and never in one statement that holds everything up."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from infra import clock, pruning, reacting
from infra.database import reading, transaction
from infra.ids import new_id
from infra.outbox import Event, EventReaction, owe
from infra.receipts import KEPT, Receipt


async def receipts(actor: str) -> int:
    async with reading() as db:
        return (await db.execute(select(func.count()).where(Receipt.actor == actor))).scalar_one()


async def night() -> Event:
    async with transaction() as db:
        now = await clock.now(db)
        event = Event(name=pruning.PRUNE, user_id=None, subject_id=None, data={}, occurred_at=now)
        await owe(db, event, ["prune_ground"], now)
    return event


async def went_on() -> list[Event]:
    owed = select(Event).join(EventReaction, EventReaction.event_id == Event.id)
    mine = owed.where(Event.name == pruning.PRUNE_GOES_ON, EventReaction.handled_at.is_(None))
    async with reading() as db:
        return list((await db.execute(mine)).scalars())


async def test_a_full_batch_is_followed_by_another_until_nothing_stale_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with transaction() as db:
        while await pruning.one_batch(db, "prune_ground"):
            pass
    monkeypatch.setattr(pruning, "BATCH", 2)
    actor = f"user:{new_id()}"
    async with transaction() as db:
        stale = await clock.now(db) - KEPT - timedelta(seconds=1)
        ages = [stale] * 5 + [stale + timedelta(minutes=5)]
        db.add_all(
            Receipt(actor=actor, operation="test", key=str(place), input_hash=b"", created_at=age)
            for place, age in enumerate(ages)
        )
    left = []
    await reacting.react((await night()).id, "prune_ground")
    while more := await went_on():
        left.append(await receipts(actor))
        (event,) = more
        await reacting.react(event.id, "prune_ground")
    assert [*left, await receipts(actor)] == [4, 2, 1]


async def test_what_somebody_is_at_work_on_holds_nobody_up() -> None:
    actor = f"user:{new_id()}"
    async with transaction() as db:
        stale = await clock.now(db) - KEPT - timedelta(seconds=1)
        db.add_all(Receipt(actor=actor, operation="test", key=key, input_hash=b"", created_at=stale) for key in "ab")
    async with transaction() as other:
        await other.execute(select(Receipt).where(Receipt.actor == actor, Receipt.key == "a").with_for_update())
        async with transaction() as db:
            await pruning.one_batch(db, "prune_ground")
        assert await receipts(actor) == 1
    async with transaction() as db:
        await pruning.one_batch(db, "prune_ground")
    assert await receipts(actor) == 0
