"""Day: a business day on its way through all agreements, in ranges of people. Its rows are the progress, and what a crash goes on from."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.agreements.agreements import Agreement
from domain.runs import runs
from domain.runs.runs import Range, Run, RunProgress, RunState
from infra import clock
from infra.database import Db
from infra.entity import Entity


class Day(Run, Entity):
    """`on` is a date of `zone`. A day that begins does all that an earlier one had left."""

    __tablename__ = "days"
    everybody = select(Agreement.user_id).distinct()

    on: Mapped[date]
    zone: Mapped[str]


class DayRange(Range, Entity):
    """`touched` agreements had something done to them; of `unreadable` people nothing could be done, and the next day tries again."""

    __tablename__ = "day_ranges"

    run_id: Mapped[UUID] = mapped_column("day_id", ForeignKey("days.id", ondelete="CASCADE"), primary_key=True)
    touched: Mapped[int] = mapped_column(default=0)


Index("ix_days_running", Day.begun_at, postgresql_where=Day.state == RunState.RUNNING)


@dataclass(frozen=True, kw_only=True)
class DayProgress(RunProgress):
    """`touched`: agreements to which something was done."""

    touched: int


async def progress(db: Db, day_id: UUID) -> DayProgress:
    return await runs.progress(db, Day, DayRange, day_id, DayProgress)


async def latest(db: Db) -> Day | None:
    return await runs.latest(db, Day)


async def has_begun(db: Db, on: date) -> bool:
    """Whether this date of the product's zone has begun to pass, or has passed."""
    begun = select(Day.id).where(Day.on == on, Day.zone == clock.zone().key).limit(1)
    return (await db.execute(begun)).first() is not None
