"""What recurs: an event at a steady distance, or at a time of the product's day. The times lie in Postgres for all relays."""

from datetime import datetime, time, timedelta

from sqlalchemy import Interval, Time, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock, events, reactions
from infra.database import Db, reading, transaction
from infra.entity import Entity
from infra.outbox import Event, EventReaction, owe
from infra.reactions import reaction

FAN_OUT = "fan_out"
DAY = timedelta(days=1)
NIGHT = time(3)  # most people sleep, and the day that was is over
_wanted: dict[str, tuple[timedelta, time | None]] = {}


class Schedule(Entity):
    """`at` is a time of the product's day; without it only the distance counts."""

    __tablename__ = "schedules"

    event: Mapped[str] = mapped_column(primary_key=True)
    every: Mapped[timedelta] = mapped_column(Interval)
    next_at: Mapped[datetime]
    at: Mapped[time | None] = mapped_column(Time, default=None)


def recur(event: str, every: timedelta, at: time | None = None) -> None:
    """Announce `event` every so often, or every so many days at a time of the day; said by the room that reacts to it."""
    events.check(event, {})
    assert at is None or every % DAY == timedelta(0), "only whole days have a time of the day"
    _wanted[event] = every, at


def next_turn(last: datetime, every: timedelta, at: time | None, now: datetime) -> datetime:
    """The first turn after `now`, on the grid of `last`: nothing drifts, and missed turns are skipped."""
    if at is None:
        return last + every * max(1, (now - last) // every + 1)
    day = clock.local_day(last)
    while (turn := clock.local_moment(day, at)) <= max(last, now):
        day += every
    return turn


def first_turn(every: timedelta, at: time | None, now: datetime) -> datetime:
    """A whole distance from now; or tonight, if that is still to come."""
    return now + every if at is None else next_turn(now, DAY, at, now)


async def write(db: Db) -> None:
    """Bring the table in line with what the rooms said; run after the migrations. A turn that stands is not put off."""
    now = await clock.now(db)
    for event, (every, at) in _wanted.items():
        row = insert(Schedule).values(event=event, every=every, at=at, next_at=first_turn(every, at, now))
        changed = Schedule.every.is_distinct_from(every) | Schedule.at.is_distinct_from(at)
        anew = {"every": every, "at": at, "next_at": row.excluded.next_at}
        await db.execute(row.on_conflict_do_update(index_elements=["event"], set_=anew, where=changed))


IS_DUE = text("SELECT EXISTS (SELECT FROM schedules WHERE next_at <= longan_now())")
# While no worker has seen to the last turn, the next one would only wait behind it.
DUE = (
    select(Schedule)
    .where(Schedule.next_at <= text("longan_now()"))
    .where(
        ~select(EventReaction)
        .join(Event, Event.id == EventReaction.event_id)
        .where(Event.name == Schedule.event, EventReaction.reaction == FAN_OUT)
        .where(EventReaction.handled_at.is_(None), EventReaction.parked_at.is_(None))
        .exists()
    )
    .with_for_update(skip_locked=True)
)


async def announce_due() -> None:
    """Write the events whose turn has come. The relay does it, which knows no reactions: a worker fans each out to them."""
    async with reading() as db:
        if not (await db.execute(IS_DUE)).scalar_one():
            return
    async with transaction() as db:
        now = await clock.now(db)
        for schedule in (await db.execute(DUE)).scalars().all():
            schedule.next_at = next_turn(schedule.next_at, schedule.every, schedule.at, now)
            event = Event(name=schedule.event, user_id=None, subject_id=None, data={}, occurred_at=now)
            await owe(db, event, [FAN_OUT], now)


@reaction(stored_as=FAN_OUT)
async def fan_out(db: Db, event: Event) -> None:
    """Let the event owe what it would owe if a worker had announced it: nothing where nobody reacts to it any more."""
    await owe(db, event, reactions.owed_to(event.name), await clock.now(db))
