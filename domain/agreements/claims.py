"""Claim: what a partner wants of a deposit, what the person says to it, and how much of it was found right."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Select, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import StaffActor
from domain.agreements.claim_words import CLAIM_DELAYED
from domain.agreements.deposits import CLAIM_DUE
from domain.deadlines.deadlines import DeadlineKind, declare_kind
from domain.permissions import Permission
from infra import vault
from infra.database import Db
from infra.entity import Entity, Id, Minor, OwnerId
from infra.lifecycle import Lifecycle, Move
from infra.loaders import is_any_pair, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.records import Record
from infra.revisions import Raised, raises
from infra.words import N_

TEXTS = "claims.texts"
DECISION = declare_kind(DeadlineKind("claim", N_("Decision on a claim"), CLAIM_DELAYED))
IS_UNDECIDED = "status IN ('OPEN', 'DISPUTED')"  # literally, for the index that the queue is read from


class ClaimStatus(StrEnum):
    OPEN = "OPEN"
    DISPUTED = "DISPUTED"
    UPHELD = "UPHELD"
    REJECTED = "REJECTED"


Status = ClaimStatus
UNDECIDED = (Status.OPEN, Status.DISPUTED)

# The deposit that it is of announces what becomes of it.
LIFE = Lifecycle(
    "Claim",
    Move([Status.OPEN], Status.DISPUTED),
    Move([Status.OPEN], Status.UPHELD, at="answer_by", due=CLAIM_DUE),
    Move([Status.DISPUTED], Status.UPHELD),
    Move([Status.DISPUTED], Status.REJECTED),
    begins=Status.OPEN,
    ends=(Status.UPHELD, Status.REJECTED),
    groups={"undecided": UNDECIDED},
)


@raises(Raised.OWNERS)
class Claim(Entity):
    """One for a deposit. `answer_by` is until when the person can dispute it, and then until when staff answer.

    Sealed are what the partner, the person and the staff wrote; `upheld` is how much of it is the partner's.
    """

    __tablename__ = "claims"
    __privacy__ = Privacy(Export.GIVEN, Erasure.KEPT)
    __record__ = Record(
        later=("answer_by", "texts_sealed", "status", "upheld", "decided_at", "decided_by"), closed_by="decided_at"
    )

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    agreement_id: Mapped[UUID]
    partner_id: Mapped[UUID]
    amount: Mapped[Minor]
    currency: Mapped[str]
    made_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    texts_sealed: Mapped[bytes]
    status: Mapped[ClaimStatus] = mapped_column(default=ClaimStatus.OPEN)
    upheld: Mapped[Minor] = mapped_column(default=0)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by: Mapped[UUID | None] = mapped_column(default=None)  # the member of staff; None where nobody disputed it

    __table_args__ = (
        CheckConstraint("upheld >= 0 AND upheld <= amount", name="upheld"),
        Index(None, "user_id", "agreement_id", unique=True),
        Index(None, "id"),
        Index("ix_claims_undecided", "answer_by", "id", postgresql_where=text(IS_UNDECIDED)),
    )


def undecided_for(actor: StaffActor) -> Select[Claim]:
    """What waits for the person or for staff, for whoever may decide it."""
    return visible_to(actor).where(text(IS_UNDECIDED))


def visible_to(actor: StaffActor) -> Select[Claim]:
    return select(Claim).where(text("true") if actor.may(Permission.DECIDE_CLAIMS) else text("false"))


async def of_agreement(db: Db, user_id: UUID, agreement_id: UUID) -> Claim | None:
    """Find the claim on an agreement whose row is held, so that nobody else changes it."""
    its = select(Claim).where(Claim.user_id == user_id, Claim.agreement_id == agreement_id)
    return (await db.execute(its.execution_options(populate_existing=True))).scalar_one_or_none()


_CLAIMS = Question(lambda: select(Claim).where(is_any_pair(Claim.user_id, Claim.agreement_id)))


@loader(_CLAIMS)
async def of_agreements(
    db: Db | None, keys: set[tuple[UUID, UUID]], now: datetime, rows: list[tuple[Claim]]
) -> dict[tuple[UUID, UUID], Claim]:
    """The claims of many, by (user, agreement); what nobody claims is missing."""
    return {(claim.user_id, claim.agreement_id): claim for (claim,) in rows}


async def texts_of(db: Db, keys: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], dict[str, str]]:
    """What was written, by (user, claim): `reason`, and where there is one `message` and `answer`; of the erased nothing."""
    people, ids = {user_id for user_id, _ in keys}, {id for _, id in keys}
    rows = (await db.execute(select(Claim).where(Claim.user_id.in_(people), Claim.id.in_(ids)))).scalars().all()
    seals = await vault.seals_of(db, people)
    return {(row.user_id, row.id): opened(row, seals[row.user_id]) for row in rows if row.user_id in seals}


def opened(claim: Claim, seal: vault.Seal) -> dict[str, str]:
    texts: dict[str, str] = seal.open(claim.texts_sealed, TEXTS)
    return texts


async def write(db: Db, claim: Claim, name: str, words: str) -> None:
    """Keep these words beside what was written before."""
    seal = await vault.seal_of(db, claim.user_id)
    claim.texts_sealed = seal.close({**opened(claim, seal), name: words}, TEXTS)
