"""Movement: a line of an agreement's statement, posted to the ledger with it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.entity import Entity, Minor, OwnerId
from infra.privacy import Erasure, Export, Privacy
from infra.records import Record
from infra.revisions import Raised, raises


class MovementKind(StrEnum):
    PRINCIPAL = "PRINCIPAL"
    INTEREST = "INTEREST"
    FEE = "FEE"
    RENT = "RENT"
    REPAYMENT = "REPAYMENT"
    REVERSAL = "REVERSAL"
    WAIVER = "WAIVER"
    REFUND = "REFUND"
    PAYOUT_RETURNED = "PAYOUT_RETURNED"


@raises(Raised.OWNERS)
class Movement(Entity):
    """What one booking of `domain/money` added to each part of what is owed (below zero: took from it), and to credit.

    `booked` is the booking's kind; `number` its instalment; `ref` the act that it came of. The transfers that say the same
    in the ledger name it as their cause.
    """

    __tablename__ = "movements"
    __privacy__ = Privacy(Export.INSIDE, Erasure.KEPT)
    __record__ = Record()

    user_id: Mapped[OwnerId]
    id: Mapped[UUID] = mapped_column(primary_key=True)
    agreement_id: Mapped[UUID]
    kind: Mapped[MovementKind]
    booked: Mapped[str]
    on: Mapped[date]
    at: Mapped[datetime]
    principal: Mapped[Minor]
    interest: Mapped[Minor]
    fees: Mapped[Minor]
    penalties: Mapped[Minor]
    credit: Mapped[Minor]
    number: Mapped[int | None]
    ref: Mapped[str]

    __table_args__ = (Index(None, "user_id", "agreement_id", "at", "id"),)

    @property
    def amount(self) -> int:
        """What it adds to what is owed, less credit."""
        return self.principal + self.interest + self.fees + self.penalties - self.credit
