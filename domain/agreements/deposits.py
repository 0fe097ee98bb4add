"""Deposit: money of the person's that is held while an agreement lasts, and where it stands."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Db
from infra.entity import Entity, Minor, OwnerId
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.loaders import is_any_pair, loader
from infra.money import Money
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.revisions import Raised, raises

DEPOSIT = "deposit"  # the cause of its payments and refunds
# The subject of all of them is the agreement.
DEPOSIT_HELD, DEPOSIT_RETURNED = declare("deposit.held"), declare("deposit.returned")
CLAIM_MADE, CLAIM_DISPUTED, CLAIM_DECIDED = map(declare, ("claim.made", "claim.disputed", "claim.decided"))
CLAIM_DUE = declare("claim.due")  # nobody can dispute it any more


class DepositStatus(StrEnum):
    WAIVED = "WAIVED"
    DUE = "DUE"
    HELD = "HELD"
    CLAIMED = "CLAIMED"
    DISPUTED = "DISPUTED"
    PARTLY_RETURNED = "PARTLY_RETURNED"
    RETURNED = "RETURNED"


Status = DepositStatus
HOLDING = (Status.HELD, Status.CLAIMED, Status.DISPUTED)

# A claim that is decided leaves the rest HELD until it is back with the person.
LIFE = Lifecycle(
    "Deposit",
    Move([Status.DUE], Status.WAIVED),
    Move([Status.DUE], Status.HELD, DEPOSIT_HELD),
    Move([Status.HELD], Status.CLAIMED, CLAIM_MADE),
    Move([Status.CLAIMED], Status.DISPUTED, CLAIM_DISPUTED),
    Move([Status.CLAIMED, Status.DISPUTED], Status.HELD, CLAIM_DECIDED),
    Move([Status.HELD], Status.PARTLY_RETURNED, DEPOSIT_RETURNED),
    Move([Status.HELD], Status.RETURNED, DEPOSIT_RETURNED),
    begins=Status.DUE,
    ends=(Status.WAIVED, Status.PARTLY_RETURNED, Status.RETURNED),
    groups={"holding": HOLDING},
)


@raises(Raised.OWNERS)
class Deposit(Entity):
    """`amount` is what is to be held, besides what is `waived`; `kept` of it is the partner's, and the rest goes back.

    Days count from the last day of the lease for a claim, and from a claim for a no to it; as they were when it was offered.
    """

    __tablename__ = "deposits"
    __privacy__ = Privacy(Export.GIVEN, Erasure.KEPT)

    user_id: Mapped[OwnerId]
    agreement_id: Mapped[UUID] = mapped_column(primary_key=True)
    currency: Mapped[str]
    amount: Mapped[Minor]
    waived: Mapped[Minor]
    claim_days: Mapped[int]
    dispute_days: Mapped[int]
    status: Mapped[DepositStatus] = mapped_column(default=DepositStatus.DUE)
    kept: Mapped[Minor] = mapped_column(default=0)

    __table_args__ = (CheckConstraint("kept >= 0 AND kept <= amount", name="kept"),)

    @property
    def id(self) -> UUID:
        """What is announced of it is announced of its agreement."""
        return self.agreement_id

    @property
    def money(self) -> Money:
        """What is to be held."""
        return Money(self.amount, self.currency)


async def find(db: Db, user_id: UUID, agreement_id: UUID) -> Deposit | None:
    """The deposit of an agreement whose row is held, so that nobody else changes it."""
    return await db.get(Deposit, (user_id, agreement_id), populate_existing=True)


_DEPOSITS = Question(lambda: select(Deposit).where(is_any_pair(Deposit.user_id, Deposit.agreement_id)))


@loader(_DEPOSITS)
async def of_agreements(
    db: Db | None, keys: set[tuple[UUID, UUID]], now: datetime, rows: list[tuple[Deposit]]
) -> dict[tuple[UUID, UUID], Deposit]:
    """The deposits of many, by (user, agreement); who has none is missing."""
    return {(deposit.user_id, deposit.agreement_id): deposit for (deposit,) in rows}
