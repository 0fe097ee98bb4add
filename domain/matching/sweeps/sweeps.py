"""Sweep: everybody matched anew, in ranges of people. Its rows are the progress, and what a crash goes on from."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, exists, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.runs import runs
from domain.runs.runs import Range, Run, RunProgress, RunState
from infra.database import Db
from infra.entity import Entity


class Sweep(Run, Entity):
    """One that begins supersedes the one that runs."""

    __tablename__ = "sweeps"

    shelf_version: Mapped[int] = mapped_column(BigInteger, default=0)


class SweepRange(Range, Entity):
    __tablename__ = "sweep_ranges"

    run_id: Mapped[UUID] = mapped_column("sweep_id", ForeignKey("sweeps.id", ondelete="CASCADE"), primary_key=True)
    matched: Mapped[int] = mapped_column(default=0)
    simulated: Mapped[int] = mapped_column(default=0)  # whose facts or score were


Index("ix_sweeps_running", Sweep.begun_at, postgresql_where=Sweep.state == RunState.RUNNING)


@dataclass(frozen=True, kw_only=True)
class SweepProgress(RunProgress):
    """`matched` are those who could be read and have their picks."""

    matched: int


async def progress(db: Db, sweep_id: UUID) -> SweepProgress:
    return await runs.progress(db, Sweep, SweepRange, sweep_id, SweepProgress)


@dataclass(frozen=True)
class Done:
    """The sweep that is told of: the last that came to its end. `simulated`: anybody's facts or score in it were."""

    id: UUID
    ended_at: datetime
    simulated: bool = False


async def last_done(db: Db) -> Done | None:
    is_simulated = exists().where(SweepRange.run_id == Sweep.id, SweepRange.simulated > 0)
    ended = select(Sweep.id, Sweep.ended_at, is_simulated.label("simulated"))
    ended = ended.where(Sweep.state == RunState.DONE, Sweep.ended_at.is_not(None))
    row = (await db.execute(ended.order_by(Sweep.ended_at.desc(), Sweep.id.desc()).limit(1))).one_or_none()
    return Done(row.id, row.ended_at, row.simulated) if row and row.ended_at else None
