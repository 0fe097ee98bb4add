"""Decision: approve, decline or refer, with ordered reasons and all that it was made from."""

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.applications.applications import ApplicationStatus
from domain.credit.reasons import Reason
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.lifecycle import without_graph
from infra.loaders import is_any_pair, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.records import Record
from infra.revisions import Raised, raises

VECTOR, ASKED = "decisions.vector", "decisions.asked"
REASONS_MAX = 4


class DecisionOutcome(StrEnum):
    APPROVE = "APPROVE"
    DECLINE = "DECLINE"
    REFER = "REFER"

    @property
    def status(self) -> ApplicationStatus:
        """The status that this outcome gives to the application."""
        return BECOMES[self]


BECOMES = {
    DecisionOutcome.APPROVE: ApplicationStatus.APPROVED,
    DecisionOutcome.DECLINE: ApplicationStatus.DECLINED,
    DecisionOutcome.REFER: ApplicationStatus.IN_REVIEW,
}
FINAL = (DecisionOutcome.APPROVE, DecisionOutcome.DECLINE)  # what is referred is decided later


@raises(Raised.OWNERS)
class Decision(Entity):
    """Never changed; a later one supersedes it, and only one is final.

    `decided_by`: the rules, a partner, or staff; `decided_by_id`: which partner, or which member of the staff.
    """

    __tablename__ = "decisions"
    __privacy__ = Privacy(Export.INSIDE, Erasure.KEPT)
    __record__ = Record()

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    application_id: Mapped[UUID]
    outcome: Mapped[DecisionOutcome] = mapped_column(
        info=without_graph("Each decision is a row of its own, and none is ever changed.")
    )
    decided_at: Mapped[datetime]
    decided_by: Mapped[str]
    reasons_told: Mapped[list[Any]]
    rule_version: Mapped[str]
    model_version: Mapped[str | None]
    vector_sealed: Mapped[bytes | None]
    # What the rules looked at besides the score: the request, and the facts that they read.
    asked_sealed: Mapped[bytes | None] = mapped_column(default=None)
    decided_by_id: Mapped[UUID | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "user_id", "application_id"), Index(None, "id"), Index(None, "decided_at"))

    @property
    def reasons(self) -> list[Reason]:
        return [Reason(code, message, values) for code, message, values in self.reasons_told]


Index(
    "uq_decisions_final",
    Decision.user_id,
    Decision.application_id,
    unique=True,
    postgresql_where=Decision.outcome.in_(FINAL),
)


def evidence_of(decision: Decision) -> dict[str, Any]:
    """What the log commits to. What the decision was made from stands in it by the hash of its seal."""
    made_from = (decision.vector_sealed or b"") + (decision.asked_sealed or b"")
    return {
        "decision": str(decision.id),
        "person": str(decision.user_id),
        "application": str(decision.application_id),
        "outcome": str(decision.outcome),
        "decidedAt": decision.decided_at.isoformat(),
        "decidedBy": decision.decided_by,
        "decidedById": str(decision.decided_by_id) if decision.decided_by_id else None,
        "reasons": [[reason.code, dict(reason.values)] for reason in decision.reasons],
        "rules": decision.rule_version,
        "model": decision.model_version,
        "madeFrom": sha256(made_from).hexdigest() if made_from else None,
    }


def to_rows(reasons: list[Reason]) -> list[Any]:
    return [[reason.code, reason.message, dict(reason.values)] for reason in reasons[:REASONS_MAX]]


_DECISIONS = Question(
    lambda: select(Decision).where(is_any_pair(Decision.user_id, Decision.application_id)).order_by(Decision.id)
)


@loader(_DECISIONS)
async def latest(
    db: Db | None, keys: set[tuple[UUID, UUID]], now: datetime, rows: list[tuple[Decision]]
) -> dict[tuple[UUID, UUID], Decision]:
    """The newest decision of each, by (user, application)."""
    return {(decision.user_id, decision.application_id): decision for (decision,) in rows}
