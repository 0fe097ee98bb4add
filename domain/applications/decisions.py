"""Decision: approve, decline or refer, with ordered reasons and all that it was made from."""

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Index, and_, exists, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

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
    """Never changed; a later one supersedes it, and only one is final until a person reviews it.

    `decided_by`: the rules, a partner, or staff; `decided_by_id`: which partner, or which member of the staff. `reviewed_id`: the
    decision in whose place this one is, because the person asked for somebody to look. `by_partners_staff`: as the partner says.
    `unanswered`: the providers that did not tell in time what they tell now, so that it rests on what they told before.
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
    reviewed_id: Mapped[UUID | None] = mapped_column(default=None)
    by_partners_staff: Mapped[bool] = mapped_column(default=False, server_default="false")
    unanswered: Mapped[list[str]] = mapped_column(default_factory=list, server_default="[]")

    __table_args__ = (Index(None, "user_id", "application_id"), Index(None, "id"), Index(None, "decided_at"))

    @property
    def is_made_by_person(self) -> bool:
        """Whether somebody decided it; what the rules or a partner's program decided, they do not know of."""
        return self.decided_by == "staff" or self.by_partners_staff

    @property
    def is_partial(self) -> bool:
        return bool(self.unanswered)

    @property
    def reasons(self) -> list[Reason]:
        return [Reason(code, message, values) for code, message, values in self.reasons_told]


Index(
    "uq_decisions_final_once",
    Decision.user_id,
    Decision.application_id,
    unique=True,
    postgresql_where=and_(Decision.outcome.in_(FINAL), Decision.reviewed_id.is_(None)),
)
Index(
    "uq_decisions_reviewed",
    Decision.user_id,
    Decision.reviewed_id,
    unique=True,
    postgresql_where=Decision.reviewed_id.is_not(None),
)

_review = aliased(Decision)
_IS_REVIEWED = exists().where(_review.user_id == Decision.user_id, _review.reviewed_id == Decision.id)
# Of each application one at most: what was decided for good, as it stands.
IS_FINAL = and_(Decision.outcome.in_(FINAL), ~_IS_REVIEWED)


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
        **({"reviewed": str(decision.reviewed_id)} if decision.reviewed_id else {}),
        **({"byPartnersStaff": True} if decision.by_partners_staff else {}),
        **({"unanswered": decision.unanswered} if decision.unanswered else {}),
    }


def to_rows(reasons: list[Reason]) -> list[Any]:
    return [[reason.code, reason.message, dict(reason.values)] for reason in reasons[:REASONS_MAX]]


_DECISIONS = Question(
    lambda: select(Decision).where(is_any_pair(Decision.user_id, Decision.application_id)).order_by(Decision.id)
)


async def find_final(db: Db, user_id: UUID, application_id: UUID) -> Decision | None:
    """What was decided for good, as it stands; None of what is still to be decided for the first time."""
    its = select(Decision).where(Decision.user_id == user_id, Decision.application_id == application_id, IS_FINAL)
    return (await db.execute(its)).scalar_one_or_none()


@loader(_DECISIONS)
async def latest(
    db: Db | None, keys: set[tuple[UUID, UUID]], now: datetime, rows: list[tuple[Decision]]
) -> dict[tuple[UUID, UUID], Decision]:
    """The newest decision of each, by (user, application)."""
    return {(decision.user_id, decision.application_id): decision for (decision,) in rows}
