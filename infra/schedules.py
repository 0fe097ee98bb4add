"""What recurs: an event that is announced at a steady distance. The times lie in Postgres, so any number of relays agree."""

from datetime import datetime, timedelta

from sqlalchemy import Interval, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock, events
from infra.database import Db, reading, transaction
from infra.entity import Entity
from infra.outbox import announce

_wanted: dict[str, timedelta] = {}


class Schedule(Entity):
    __tablename__ = "schedules"

    event: Mapped[str] = mapped_column(primary_key=True)
    every: Mapped[timedelta] = mapped_column(Interval)
    next_at: Mapped[datetime]


def recur(event: str, every: timedelta) -> None:
    """Announce `event` every so often; said by the room that reacts to it, when it is imported."""
    events.check(event, {})
    _wanted[event] = every


async def write(db: Db) -> None:
    """Bring the table in line with what the rooms said; run after the migrations."""
    now = await clock.now(db)
    for event, every in _wanted.items():
        row = insert(Schedule).values(event=event, every=every, next_at=now + every)
        await db.execute(row.on_conflict_do_update(index_elements=["event"], set_={"every": every}))


# After a long stop the missed turns are one turn, not many.
TAKE_TURN = text(
    """
    UPDATE schedules SET next_at = longan_now() + every
     WHERE event IN (SELECT event FROM schedules WHERE next_at <= longan_now() FOR UPDATE SKIP LOCKED)
    RETURNING event
    """
)
IS_DUE = text("SELECT EXISTS (SELECT FROM schedules WHERE next_at <= longan_now())")


async def is_due() -> bool:
    async with reading() as db:
        return bool((await db.execute(IS_DUE)).scalar_one())


async def announce_due() -> None:
    """Run in the worker, which knows the reactions; the relay asks for it until it is done."""
    async with transaction() as db:
        for event in (await db.execute(TAKE_TURN)).scalars().all():
            if event in _wanted:
                await announce(db, event)
