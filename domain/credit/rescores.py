"""Rescore: everybody scored anew, in ranges of people, and what is counted meanwhile."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from domain.runs import runs
from domain.runs.runs import Range, Run, RunProgress, RunState
from infra.database import Db
from infra.entity import Entity

RescoreState = RunState


class RescoreReason(StrEnum):
    MODEL_PROMOTED = "MODEL_PROMOTED"
    FACTS_EXPIRED = "FACTS_EXPIRED"
    ASKED = "ASKED"


class Rescore(Run, Entity):
    __tablename__ = "rescores"

    reason: Mapped[RescoreReason]


class RescoreRange(Range, Entity):
    __tablename__ = "rescore_ranges"

    run_id: Mapped[UUID] = mapped_column("rescore_id", ForeignKey("rescores.id", ondelete="CASCADE"), primary_key=True)
    scored: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    told_until: Mapped[datetime | None] = mapped_column(default=None)  # when the last whose points changed hears of it

    def follow(self, ended: Self) -> None:
        self.told_until = ended.told_until


Index("ix_rescores_running", Rescore.begun_at, postgresql_where=Rescore.state == RescoreState.RUNNING)


@dataclass(frozen=True, kw_only=True)
class RescoreProgress(RunProgress):
    """`scored` are those who had no score that stood; `changed` have other points now."""

    scored: int
    changed: int


async def progress(db: Db, rescore_id: UUID) -> RescoreProgress:
    return await runs.progress(db, Rescore, RescoreRange, rescore_id, RescoreProgress)


async def is_running(db: Db) -> bool:
    return await runs.is_running(db, Rescore)
