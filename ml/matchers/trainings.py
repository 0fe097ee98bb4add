"""Each time the matcher learned from the log: what came of it, and the figures that decided."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Db
from infra.entity import Entity, Id, Json
from infra.lifecycle import without_graph
from infra.records import Record


class TrainingOutcome(StrEnum):
    """OVERTAKEN: another model went live meanwhile, which it was not measured against. FAILED: it broke off, and is begun anew."""

    LIVE = "LIVE"
    REFUSED = "REFUSED"
    TOO_FEW = "TOO_FEW"
    OVERTAKEN = "OVERTAKEN"
    FAILED = "FAILED"


class MatcherTraining(Entity):
    """`failures` are sentences for the operator. Without an end it is at work, or its machine went down."""

    __tablename__ = "matcher_trainings"
    __record__ = Record(later=("ended_at", "outcome", "version", "failures", "figures"), closed_by="ended_at")

    id: Mapped[Id] = mapped_column(init=False)
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    outcome: Mapped[TrainingOutcome | None] = mapped_column(
        default=None, info=without_graph("Written once, when the training is over.")
    )
    version: Mapped[str | None] = mapped_column(default=None)
    failures: Mapped[list[str]] = mapped_column(default_factory=list)
    figures: Mapped[Json] = mapped_column(default_factory=dict)

    __table_args__ = (Index(None, "begun_at"),)

    def answers(self, asked_at: datetime) -> bool:
        """Whether it is what somebody asked for then: it came to an end since."""
        return self.ended_at is not None and self.ended_at >= asked_at and self.outcome is not TrainingOutcome.FAILED


async def latest(db: Db) -> MatcherTraining | None:
    newest = select(MatcherTraining).order_by(MatcherTraining.begun_at.desc(), MatcherTraining.id.desc()).limit(1)
    return (await db.execute(newest)).scalar_one_or_none()
