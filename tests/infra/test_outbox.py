"""The outbox: what happened is written with the change, carried out once, tried again when it fails, and parked at last."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update

from infra import database, doorbell, outbox, reacting, reactions, relay
from infra.cache import valkey
from infra.database import Db, reading, transact, transaction
from infra.events import declare
from infra.ids import new_id
from infra.outbox import Event, EventReaction
from infra.reactions import reaction
from infra.settings import settings
from infra.worker import make_celery
from tests.clocks import Clock
from tests.working import work_off

HAPPENED, CALLED, COUNTED = declare("test.happened"), declare("test.called"), declare("test.counted")
NOBODY_CARES = declare("test.nobody_cares")


class Broken(Exception):
    """What a reaction of these tests fails with; it quotes a phone number, which must be written down nowhere."""


class Counter:
    """What the reactions of these tests did."""

    def __init__(self) -> None:
        self.seen: list[UUID] = []
        self.fails = 0
        self.hold: asyncio.Event | None = None

    async def count(self, event: Event) -> None:
        if self.hold is not None:
            await self.hold.wait()
        if self.fails > 0:
            self.fails -= 1
            raise Broken("+8613800138000")
        self.seen.append(event.id)


@pytest.fixture
def counter() -> Iterator[Counter]:
    """Two reactions to `test.happened`: one in a transaction, one that calls out."""
    counter = Counter()
    names = dict(reactions._by_name)

    @reaction(HAPPENED, stored_as="count_inside")
    async def count_inside(db: Db, event: Event) -> None:
        await outbox.announce(db, COUNTED, user_id=event.user_id)
        await counter.count(event)

    @reaction(CALLED, stored_as="count_outside", calls_out=True)
    async def count_outside(event: Event) -> None:
        await counter.count(event)

    yield counter
    reactions._by_name.clear()
    reactions._by_name.update(names)
    for event in (HAPPENED, CALLED):
        del reactions._by_event[event]


@pytest.fixture(autouse=True)
async def nothing_else_is_due() -> None:
    """What other tests left in the outbox is not this file's: it is put off, so that a batch is ours alone."""
    async with transaction() as db:
        await db.execute(
            update(EventReaction).where(EventReaction.handled_at.is_(None)).values(handled_at=text("longan_now()"))
        )


async def happened(name: str = HAPPENED, user_id: UUID | None = None) -> Event:
    async with transaction() as db:
        return await outbox.announce(db, name, user_id=user_id or new_id())


async def owed(event: Event) -> EventReaction:
    async with reading() as db:
        return (await db.execute(select(EventReaction).where(EventReaction.event_id == event.id))).scalar_one()


async def told(user_id: UUID | None, name: str) -> int:
    async with reading() as db:
        counted = select(func.count()).where(Event.user_id == user_id, Event.name == name)
        return (await db.execute(counted)).scalar_one()


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
        assert await relay.take_due() == []

    async def test_may_be_for_later(self, counter: Counter, clock: Clock) -> None:
        async with transaction() as db:
            due = await clock.now() + timedelta(days=7)
            event = await outbox.announce(db, HAPPENED, due_at=due)
        assert await relay.take_due() == []
        await clock.forward(days=7)
        assert [row.event_id for row in await relay.take_due()] == [event.id]

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
    assert [taken.event_id for taken in await relay.take_due()] == [event.id]


async def test_what_comes_of_a_reaction_is_carried_out_too(counter: Counter) -> None:
    user_id = new_id()
    await happened(user_id=user_id)
    assert await work_off(user_id) == ["count_inside"]
    assert await told(user_id, COUNTED) == 1


class FakeCelery:
    """Takes what the relay sends, or is away."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.is_away = False
        self.message_count = 0

    @property
    def connection(self) -> "FakeCelery":
        return self

    def channel(self) -> "FakeCelery":
        return self

    def queue_declare(self, name: str, passive: bool) -> "FakeCelery":
        assert passive, f"a look makes no queue called {name}"
        return self

    @property
    def producer_pool(self) -> "FakeCelery":
        return self

    def acquire(self, **_: object) -> "FakeCelery":
        if self.is_away:
            raise OSError("nobody listens there")
        return self

    def __enter__(self) -> "FakeCelery":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def send_task(self, name: str, args: tuple[str, str], **_: object) -> None:
        assert name == "react"
        self.sent.append(args)


class TestTheRelay:
    async def test_sends_no_more_than_the_workers_have_room_for(self, counter: Counter) -> None:
        events, celery = [(await happened()).id for _ in range(3)], FakeCelery()
        celery.message_count = relay.WAITING_MAX - 2
        assert await relay.hand_over(celery) == 2  # type: ignore[arg-type]
        celery.message_count = relay.WAITING_MAX
        assert await relay.hand_over(celery) == 0  # type: ignore[arg-type]
        celery.message_count = 0
        assert await relay.hand_over(celery) == 1  # type: ignore[arg-type]
        assert {event for event, _ in celery.sent} == {str(event) for event in events}

    async def test_shares_with_another_and_doubles_nothing(self, counter: Counter) -> None:
        events = {(await happened()).id for _ in range(40)}
        async with database._session() as first, first.begin():
            values = {"lease": 5, "most": relay.ATTEMPTS_MAX, "batch": 25}
            taken = {row.event_id for row in (await first.execute(relay.TAKE_DUE, values)).all()}
            # The other one does not wait for rows that the first has in hand.
            others = {row.event_id for row in await relay.take_due()}
        assert (len(taken), len(others)) == (25, 15)
        assert taken | others == events

    async def test_takes_everything_once_however_many_there_are(self, counter: Counter) -> None:
        events = {(await happened()).id for _ in range(30)}
        batches = await asyncio.gather(*(relay.take_due() for _ in range(5)))
        rows = [row.event_id for batch in batches for row in batch]
        assert len(rows) == len(set(rows)) == 30
        assert set(rows) == events

    async def test_hands_over_ids_and_nothing_else(self, counter: Counter) -> None:
        event, celery = await happened(), FakeCelery()
        assert await relay.hand_over(celery) == 1  # type: ignore[arg-type]
        assert celery.sent == [(str(event.id), "count_inside")]
        assert await relay.hand_over(celery) == 0  # type: ignore[arg-type]

    async def test_delivers_again_what_a_broker_lost(self, counter: Counter, clock: Clock) -> None:
        event, celery = await happened(), FakeCelery()
        await relay.hand_over(celery)  # type: ignore[arg-type]
        celery.sent.clear()  # the broker is flushed
        await clock.forward(seconds=4)
        assert await relay.hand_over(celery) == 0  # type: ignore[arg-type]
        await clock.forward(seconds=1)
        assert await relay.hand_over(celery) == 1  # type: ignore[arg-type]
        assert celery.sent == [(str(event.id), "count_inside")]

    async def test_delivers_again_what_a_broker_that_was_away_never_got(self, counter: Counter, clock: Clock) -> None:
        event, celery = await happened(), FakeCelery()
        celery.is_away = True
        with pytest.raises(OSError, match="nobody listens"):
            await relay.hand_over(celery)  # type: ignore[arg-type]
        celery.is_away = False
        await clock.forward(seconds=5)
        await relay.hand_over(celery)  # type: ignore[arg-type]
        assert celery.sent == [(str(event.id), "count_inside")]

    async def test_waits_longer_each_time_and_parks_at_last(self, counter: Counter, clock: Clock) -> None:
        event = await happened()
        waits: list[float] = []
        for attempt in range(1, relay.ATTEMPTS_MAX + 1):
            (row,) = await relay.take_due()
            assert (row.event_id, row.parked_at) == (event.id, None)
            kept = await owed(event)
            assert kept.attempts == attempt
            waits.append((kept.due_at - await clock.now()).total_seconds())
            await clock.forward(seconds=waits[-1] + 0.1)
        assert waits == pytest.approx([5, 10, 20, 40, 80, 160, 320, 640, *[900] * 6], abs=1)
        celery = FakeCelery()
        assert await relay.hand_over(celery) == 1  # type: ignore[arg-type]
        assert celery.sent == []
        assert (await owed(event)).parked_at is not None
        await clock.forward(days=1)
        assert await relay.take_due() == []

    async def test_runs_until_it_is_cancelled_and_wakes_by_the_bell(
        self, counter: Counter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings(), "relay_sweep_seconds", 60)
        celery = FakeCelery()
        running = asyncio.create_task(relay.run(celery))  # type: ignore[arg-type]
        await until(someone_listens)
        event = await happened()
        await until(lambda: celery.sent == [(str(event.id), "count_inside")])
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    async def test_outlives_a_database_and_a_broker_that_are_away(
        self, counter: Counter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings(), "relay_sweep_seconds", 0.01)
        celery, failures = FakeCelery(), iter([OSError("away"), RuntimeError("the database is starting up")])
        take = relay.take_due

        async def take_or_fail(most: int) -> object:
            for failure in failures:
                raise failure
            return await take(most)

        monkeypatch.setattr(relay, "take_due", take_or_fail)
        event = await happened()
        running = asyncio.create_task(relay.run(celery))  # type: ignore[arg-type]
        await until(lambda: celery.sent == [(str(event.id), "count_inside")])
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def until(is_so: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for what another task does, at most ten seconds."""
    async with asyncio.timeout(10):
        while True:
            answer = is_so()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.01)


async def someone_listens() -> bool:
    heard: list[tuple[bytes, int]] = await valkey().pubsub_numsub(doorbell.CHANNEL)
    return heard[0][1] > 0


async def test_a_real_broker_carries_it(counter: Counter) -> None:
    celery = make_celery()
    event = await happened()
    assert await relay.hand_over(celery) == 1
    (message,) = [raw for raw in await valkey().lrange("longan", 0, -1) if str(event.id).encode() in raw]  # type: ignore[misc]
    assert str(event.user_id).encode() not in message
    await valkey().delete("longan")
    celery.close()
