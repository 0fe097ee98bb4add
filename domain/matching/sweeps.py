"""Sweep: everybody matched anew, in ranges of people. Its rows are the progress, and what a crash goes on from."""

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from domain.ranges.runs import Range, Run, RunState
from infra.entity import Entity


class Sweep(Run, Entity):
    """One that begins supersedes the one that runs."""

    __tablename__ = "sweeps"

    shelf_version: Mapped[int] = mapped_column(BigInteger, default=0)


class SweepRange(Range, Entity):
    __tablename__ = "sweep_ranges"

    run_id: Mapped[UUID] = mapped_column("sweep_id", ForeignKey("sweeps.id", ondelete="CASCADE"), primary_key=True)
    matched: Mapped[int] = mapped_column(default=0)
    unreadable: Mapped[int] = mapped_column(default=0)
    cpu_seconds: Mapped[float] = mapped_column(default=0.0)


Index("ix_sweeps_running", Sweep.begun_at, postgresql_where=Sweep.state == RunState.RUNNING)
