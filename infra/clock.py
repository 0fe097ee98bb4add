"""One time for everybody: the database's, plus an offset that only the embedded default can move."""

from datetime import datetime, timedelta

from sqlalchemy import Interval, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from infra.entity import Entity


class ClockOffset(Entity):
    """One row. `longan_now()`, made by the migrations, adds it to the database's time."""

    __tablename__ = "clock_offset"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    ahead: Mapped[timedelta] = mapped_column(Interval, default=timedelta(0))


async def now(db: AsyncSession) -> datetime:
    """The time at which this transaction began; asked once, then the same until it ends."""
    moment: datetime | None = db.info.get("now")
    if moment is None:
        moment = (await db.execute(text("SELECT longan_now()"))).scalar_one()
        db.info["now"] = moment
    return moment


# Whatever the statement that asks for this can see was written before it.
EXACTLY = text("longan_now() + (clock_timestamp() - now())")


def stand(db: AsyncSession, at: datetime) -> None:
    """Let it be this time for the rest of the transaction."""
    db.info["now"] = at


async def catch_up(db: AsyncSession) -> datetime:
    """The time as it is now, for the rest of this transaction: after waiting for a lock, what the others wrote is past."""
    moment: datetime = (await db.execute(select(EXACTLY))).scalar_one()
    stand(db, moment)
    return moment


async def advance(db: AsyncSession, by: timedelta) -> None:
    await db.execute(text("UPDATE clock_offset SET ahead = ahead + :by"), {"by": by})
    db.info.pop("now", None)
