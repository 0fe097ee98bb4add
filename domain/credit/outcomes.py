"""Outcome: what came of a score, once it is known whether the person paid as agreed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from domain.facts.loan_reports import OutcomeKind
from infra.entity import Entity, OwnerId
from infra.privacy import Erasure, Export, Privacy
from infra.records import Record


class LoanOutcome(Entity):
    """One for a score, when its loan has matured. `bad`: not paid as agreed within the year that the score speaks of.
    `how` it went in more words; None of those that were written before it was kept."""

    __tablename__ = "outcomes"
    __privacy__ = Privacy(Export.INSIDE, Erasure.SHREDDED)
    __record__ = Record()

    user_id: Mapped[OwnerId]
    score_id: Mapped[UUID] = mapped_column(primary_key=True)
    bad: Mapped[bool]
    observed_at: Mapped[datetime]
    how: Mapped[OutcomeKind | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "observed_at"),)
