"""What recurs comes at its time of the product's day or at its distance, never drifts, and never piles up."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from infra import reacting, reactions, schedules
from infra.clock import zone
from infra.database import reading, transaction
from infra.events import declare
from infra.outbox import Event, EventReaction
from infra.reactions import reaction
from infra.schedules import DAY, FAN_OUT, NIGHT, Schedule, next_turn
from infra.settings import settings
from tests.clocks import Clock
from tests.infra.delivery.happening import Counter
from tests.tampering import tamper

TURN = declare("test.turn_came")
HOUR = timedelta(hours=1)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=40)), st.timedeltas(timedelta(minutes=1), timedelta(days=9)))
def test_a_distance_stays_on_its_grid(last: datetime, passed: timedelta, every: timedelta) -> None:
    now = last + passed
    turn = next_turn(last, every, None, now)
    assert turn > now or turn == last + every
    assert (turn - last) % every == timedelta(0)
    assert turn - every <= max(now, last)


@given(
    MOMENTS,
    st.timedeltas(timedelta(0), timedelta(days=40)),
    st.integers(1, 8),
    st.times(),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Pacific/Apia"]),
)
def test_a_time_of_the_day_is_kept_through_summer_and_winter(
    last: datetime, passed: timedelta, days: int, at: time, place: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings(), "time_zone", place)
        now, every = last + passed, timedelta(days=days)
        turn = next_turn(last, every, at, now)
        assert turn > max(now, last)
        assert turn - timedelta(days=days + 1, hours=2) < max(now, last)
        shown = turn.astimezone(ZoneInfo(place))
        # Where the clocks are put forward that time is not shown on that day.
        is_skipped = datetime.combine(shown.date(), at, zone()).astimezone(UTC).astimezone(zone()).time() != at
        assert shown.time() == at or is_skipped
        assert (shown.date() - last.astimezone(zone()).date()).days % days == 0 or is_skipped


def test_every_night_is_at_night_of_the_product() -> None:
    evening, noon = datetime(2026, 11, 28, 18, 59, tzinfo=UTC), datetime(2026, 11, 28, 4, tzinfo=UTC)
    in_shanghai_at_three = datetime(2026, 11, 28, 19, tzinfo=UTC)
    assert schedules.first_turn(DAY, NIGHT, evening) == in_shanghai_at_three
    assert schedules.first_turn(timedelta(days=7), NIGHT, noon) == in_shanghai_at_three
    assert schedules.first_turn(HOUR, None, noon) == noon + HOUR
    assert next_turn(in_shanghai_at_three, DAY, NIGHT, in_shanghai_at_three) == in_shanghai_at_three + DAY


def test_only_whole_days_have_a_time_of_the_day() -> None:
    with pytest.raises(AssertionError, match="only whole days"):
        schedules.recur(TURN, HOUR, NIGHT)


@pytest.fixture
async def turns(clock: Clock, counter: Counter, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """One schedule, due in an hour and then hourly, to which two react."""
    async with reading() as db:
        others = dict((await db.execute(select(Schedule.event, Schedule.next_at))).all())
    monkeypatch.setattr(schedules, "_wanted", {TURN: (HOUR, None)})
    async with transaction() as db:
        await tamper(db)
        await db.execute(delete(Event).where(Event.name == TURN))
        await db.execute(delete(Schedule).where(Schedule.event == TURN))
        # The other schedules are not of this test, and come back after it.
        await db.execute(update(Schedule).values(next_at=datetime(2100, 1, 1, tzinfo=UTC)))
        await schedules.write(db)
    for name in ("turn_one", "turn_two"):
        reaction(TURN, stored_as=name)(_do_nothing)
    yield
    del reactions._by_event[TURN]
    async with transaction() as db:
        await db.execute(delete(Schedule).where(Schedule.event == TURN))
        for event, next_at in others.items():
            await db.execute(update(Schedule).where(Schedule.event == event).values(next_at=next_at))


async def _do_nothing(db: object, event: Event) -> None: ...


async def owed_by_turns() -> list[tuple[UUID, str]]:
    async with reading() as db:
        rows = select(EventReaction.event_id, EventReaction.reaction).join(Event, Event.id == EventReaction.event_id)
        mine = rows.where(Event.name == TURN, EventReaction.handled_at.is_(None))
        return [(row.event_id, row.reaction) for row in await db.execute(mine.order_by(EventReaction.reaction))]


@pytest.mark.usefixtures("turns")
class TestATurn:
    async def test_is_announced_once_and_fanned_out_by_a_worker(self, clock: Clock) -> None:
        await schedules.announce_due()
        assert await owed_by_turns() == []
        await clock.forward(hours=1)
        await schedules.announce_due()
        await schedules.announce_due()
        ((event_id, name),) = await owed_by_turns()
        assert name == FAN_OUT
        for _ in range(3):
            await reacting.react(event_id, FAN_OUT)
        assert await owed_by_turns() == [(event_id, "turn_one"), (event_id, "turn_two")]

    async def test_does_not_pile_up_while_no_worker_is_there(self, clock: Clock) -> None:
        for _ in range(5):
            await clock.forward(hours=1)
            await schedules.announce_due()
        ((event_id, _),) = await owed_by_turns()
        await reacting.react(event_id, FAN_OUT)
        await schedules.announce_due()  # what was missed meanwhile is one turn
        await schedules.announce_due()
        assert [name for _, name in await owed_by_turns()] == [FAN_OUT, "turn_one", "turn_two"]

    async def test_comes_at_its_time_however_late_the_last_one_was_seen(self, clock: Clock) -> None:
        async with reading() as db:
            first = (await db.get_one(Schedule, TURN)).next_at
        await clock.forward(hours=3, minutes=20)
        await schedules.announce_due()
        async with reading() as db:
            assert (await db.get_one(Schedule, TURN)).next_at == first + 3 * HOUR

    async def test_that_stands_is_not_put_off_by_a_release(self, clock: Clock) -> None:
        async with reading() as db:
            before = (await db.get_one(Schedule, TURN)).next_at
        await clock.forward(minutes=30)
        async with transaction() as db:
            await schedules.write(db)
        async with reading() as db:
            assert (await db.get_one(Schedule, TURN)).next_at == before

    async def test_that_is_moved_to_the_night_comes_tonight(
        self, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(schedules, "_wanted", {TURN: (DAY, NIGHT)})
        async with transaction() as db:
            await schedules.write(db)
        async with reading() as db:
            row = await db.get_one(Schedule, TURN)
        assert (row.every, row.at, row.next_at.astimezone(zone()).time()) == (DAY, NIGHT, NIGHT)
        assert row.next_at - await clock.now() <= DAY
