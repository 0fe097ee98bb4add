"""One time for everybody: the database's, plus an offset that only the embedded default can move."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, DateTime, Interval, func, literal, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from infra import lasting
from infra.entity import Entity
from infra.questions import Question
from infra.settings import settings


class ClockOffset(Entity):
    """One row. `longan_now()`, made by the migrations, adds it to the database's time."""

    __tablename__ = "clock_offset"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    ahead: Mapped[timedelta] = mapped_column(Interval, default=timedelta(0))


async def now(db: AsyncSession) -> datetime:
    """The time at which this transaction began; asked once, then the same until it ends."""
    lasting.doubt("clock")
    return await dated(db)


async def dated(db: AsyncSession) -> datetime:
    """The time now, for whoever tells `lasting` until when it is all one which time it is."""
    moment: datetime | None = db.info.get("now")
    if moment is None:
        moment = (await db.execute(text("SELECT longan_now()"))).scalar_one()
        db.info["now"] = moment
    return moment


def zone() -> ZoneInfo:
    """The product's time zone: a day means a day of this zone, wherever the server or the person is."""
    return ZoneInfo(settings().time_zone)


def local_day(moment: datetime, where: tzinfo | None = None) -> date:
    """The day that this moment lies in, for the product: birthdays, quotas and reports count by it.

    `where` asks for the day on a person's own wall, which only says whether they may be disturbed, or on a cashier's.
    """
    assert moment.tzinfo is not None, "a time without a zone lies in no day"
    return moment.astimezone(where or zone()).date()


def local_text(moment: ColumnElement[datetime] | InstrumentedAttribute[datetime], pattern: str) -> ColumnElement[str]:
    """The day that this moment lies in, or its month or year, written by a pattern of Postgres's `to_char`."""
    return func.to_char(func.timezone(literal(settings().time_zone), moment), pattern)


def begins(day: date) -> datetime:
    """The first moment of a day of the product, in UTC."""
    return local_moment(day, time.min)


def local_moment(day: date, at: time) -> datetime:
    """The moment, in UTC, at which the product's clocks show this time on this day."""
    return datetime.combine(day, at, zone()).astimezone(UTC)


async def today(db: AsyncSession) -> date:
    """The product's day on which this transaction began."""
    return local_day(await now(db))


# Whatever the statement that asks for this can see was written before it.
EXACTLY = text("longan_now() + (clock_timestamp() - now())")
EXACTLY_NOW = literal_column("longan_now() + (clock_timestamp() - now())", DateTime(timezone=True))
# Asked together with others: `freeze` what it answers.
NOW = Question(lambda: select(EXACTLY_NOW))


def freeze(db: AsyncSession, at: datetime) -> None:
    """Let it be this time for the rest of the transaction."""
    db.info["now"] = at


async def catch_up(db: AsyncSession) -> datetime:
    """The time as it is now, for the rest of this transaction: after waiting for a lock, what the others wrote is past."""
    moment: datetime = (await db.execute(select(EXACTLY))).scalar_one()
    moment = max(moment, db.info.get("now", moment))  # no transaction goes back in time
    freeze(db, moment)
    return moment


async def advance(db: AsyncSession, by: timedelta) -> None:
    await db.execute(text("UPDATE clock_offset SET ahead = ahead + :by"), {"by": by})
    db.info.pop("now", None)
