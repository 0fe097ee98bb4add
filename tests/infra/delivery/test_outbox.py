"""The outbox: what happened is written with the change, carried out once, and tried again when it fails."""

import asyncio
import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from infra import doorbell, leases, outbox, reacting
from infra.database import Db, reading, transact, transaction
from infra.ids import new_id
from infra.outbox import Event, EventReaction
from infra.reactions import reaction
from infra.relay import BATCH
from tests.clocks import Clock
from tests.infra.delivery.happening import (
    CALLED,
    COUNTED,
    HAPPENED,
    NOBODY_CARES,
    Broken,
    Counter,
    happened,
    owed,
    told,
)
from tests.working import work_off


class TestAnnouncing:
    async def test_writes_a_row_for_each_reaction(self, counter: Counter) -> None:
        event = await happened()
        row = await owed(event)
        assert (row.reaction, row.attempts, row.handled_at, row.parked_at) == ("count_inside", 0, None, None)
        assert row.due_at == event.occurred_at

    async def test_writes_the_event_alone_where_nobody_reacts(self) -> None:
        event = await happened(NOBODY_CARES)
        async with reading() as db:
            assert (await db.get_one(Event, event.id)).name == NOBODY_CARES
            assert (await db.execute(select(EventReaction).where(EventReaction.event_id == event.id))).first() is None

    async def test_is_undone_with_the_change(self, counter: Counter) -> None:
        user_id = new_id()

        async def break_off(db: Db) -> None:
            await outbox.announce(db, HAPPENED, user_id=user_id)
            raise Broken

        with pytest.raises(Broken):
            await transact(break_off)
        assert await told(user_id, HAPPENED) == 0
        assert await leases.take_due(BATCH) == []

    async def test_may_be_for_later(self, counter: Counter, clock: Clock) -> None:
        async with transaction() as db:
            due = await clock.now() + timedelta(days=7)
            event = await outbox.announce(db, HAPPENED, due_at=due)
        assert await leases.take_due(BATCH) == []
        await clock.forward(days=7)
        assert [row.event_id for row in await leases.take_due(BATCH)] == [event.id]

    async def test_rings_once_for_a_transaction(self, counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
        rung: list[list[str] | None] = []

        async def publish(users: list[str] | None) -> None:
            rung.append(users)

        monkeypatch.setattr(doorbell, "_publish", publish)
        user_id = new_id()
        async with transaction() as db:
            await outbox.announce(db, HAPPENED, user_id=user_id)
            await outbox.announce(db, CALLED, user_id=user_id)
            assert rung == []
        assert rung == [[str(user_id)]]
        async with transaction():
            pass
        assert len(rung) == 1

    def test_a_reactions_name_is_its_own(self, counter: Counter) -> None:
        with pytest.raises(AssertionError, match="two reactions are called count_inside"):

            @reaction(HAPPENED, stored_as="count_inside")
            async def count_otherwise(db: Db, event: Event) -> None: ...


@pytest.mark.parametrize("name", [HAPPENED, CALLED])
class TestReacting:
    async def test_is_once_though_delivered_three_times_shuffled(self, counter: Counter, name: str) -> None:
        events = [await happened(name) for _ in range(10)]
        deliveries = [(event.id, (await owed(event)).reaction) for event in events] * 3
        random.Random(7).shuffle(deliveries)
        for event_id, reaction_name in deliveries:
            await reacting.react(event_id, reaction_name)
        assert sorted(counter.seen) == sorted(event.id for event in events)
        for event in events:
            assert (await owed(event)).handled_at is not None

    async def test_that_fails_is_written_down_and_tried_again(self, counter: Counter, name: str) -> None:
        event = await happened(name)
        counter.fails = 2
        reaction_name = (await owed(event)).reaction
        for _ in range(2):
            await reacting.react(event.id, reaction_name)
            row = await owed(event)
            assert (row.handled_at, row.last_error) == (None, "Broken")
        assert await told(event.user_id, COUNTED) == 0  # what it had written is undone
        await reacting.react(event.id, reaction_name)
        assert counter.seen == [event.id]
        assert (await owed(event)).handled_at is not None


async def test_two_deliveries_at_once_are_one(counter: Counter) -> None:
    event = await happened()
    await asyncio.gather(*(reacting.react(event.id, "count_inside") for _ in range(10)))
    assert counter.seen == [event.id]
    assert await told(event.user_id, COUNTED) == 1


async def test_a_reaction_that_this_process_does_not_know_stays_due(counter: Counter) -> None:
    event = await happened(NOBODY_CARES)
    async with transaction() as db:
        db.add(EventReaction(event_id=event.id, reaction="of_tomorrow", due_at=event.occurred_at))
    await reacting.react(event.id, "of_tomorrow")
    row = await owed(event)
    assert (row.handled_at, row.parked_at, row.last_error) == (None, None, "UnknownReaction")
    assert [taken.event_id for taken in await leases.take_due(BATCH)] == [event.id]


async def test_what_comes_of_a_reaction_is_carried_out_too(counter: Counter) -> None:
    user_id = new_id()
    await happened(user_id=user_id)
    assert await work_off(user_id) == ["count_inside"]
    assert await told(user_id, COUNTED) == 1
