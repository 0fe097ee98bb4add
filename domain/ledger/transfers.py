"""Transfer: one amount from one account of an agreement to another, for one cause. It stays as it was written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid5

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from domain.ledger.accounts import LedgerAccount
from domain.ledger.kinds import AccountKind
from infra.database import Db
from infra.entity import Entity, Id, Minor, OwnerId
from infra.money import MINOR_MAX
from infra.privacy import Erasure, Export, Privacy
from infra.records import Record
from infra.revisions import Raised, raises


class CauseKind(StrEnum):
    """What a transfer was posted for; beside each, what its id names."""

    ACCEPTANCE = "ACCEPTANCE"  # an agreement: its limit begins
    LAPSE = "LAPSE"  # an agreement: what is left of its limit ends
    DRAW_DOWN = "DRAW_DOWN"  # a draw-down that was sent
    PAYOUT = "PAYOUT"  # a draw-down that was settled, goods that were handed over, or a treatment that was confirmed
    PAYOUT_FAILED = "PAYOUT_FAILED"  # a draw-down that failed
    PAYOUT_RETURNED = "PAYOUT_RETURNED"  # a draw-down that came back after it was settled, or goods that did
    ACCRUAL = "ACCRUAL"  # interest of a while, or the rent of a month: `Cause.of` names it by agreement and day
    FEE = "FEE"  # a fee that fell due
    WAIVER = "WAIVER"  # a charge that was cut
    REPAYMENT = "REPAYMENT"  # a payment that was settled
    REPLAY = "REPLAY"  # a payment of an earlier day, for which later ones were booked anew
    REFUND = "REFUND"  # a payment that gives credit back
    COMMISSION = "COMMISSION"  # what the partner owes Longan for a payment
    DEPOSIT = "DEPOSIT"  # a payment that brought a deposit
    DEPOSIT_KEPT = "DEPOSIT_KEPT"  # a claim: what of the deposit is the partner's
    DEPOSIT_RETURN = "DEPOSIT_RETURN"  # a refund that takes a deposit back to the person
    DEPOSIT_RETURNED = "DEPOSIT_RETURNED"  # the same refund, when the money is there
    DEPOSIT_STAYED = "DEPOSIT_STAYED"  # the same refund, when it failed
    UNMATCHED = "UNMATCHED"  # a payment that fits nothing
    MATCHED = "MATCHED"  # a payment that was found to fit
    GIVEN_BACK = "GIVEN_BACK"  # a payment that fits nothing, and was sent back
    LOOKUPS = "LOOKUPS"  # a charge: what a month's lookups cost a partner
    REMITTANCE = "REMITTANCE"  # a remittance that was paid out to a partner
    BENEFIT = "BENEFIT"  # a redemption that was used
    PLAN = "PLAN"  # a payment for a plan
    PLAN_REFUND = "PLAN_REFUND"  # a refund of what a paid year of a plan did not save
    CORRECTION = "CORRECTION"  # whatever a member of staff put right


@dataclass(frozen=True)
class Cause:
    """Posted once of each person, however often somebody tries: all of its transfers together, in one `post`."""

    kind: CauseKind
    id: UUID

    @classmethod
    def of(cls, kind: CauseKind, of: UUID, *words: object) -> "Cause":
        """The cause of what has no row of its own: the same words name the same cause, as `(ACCRUAL, agreement.id, day)`."""
        return cls(kind, uuid5(of, ":".join(map(str, words))))


@raises(Raised.OWNERS)
class Transfer(Entity):
    """`subject_id` is the agreement's id, or the payment's of money that fits nothing. `value_on` is the day from which it
    counts, which may lie before the one on which it was booked. `reverses` is the transfer that this one takes back.
    """

    __tablename__ = "transfers"
    __privacy__ = Privacy(Export.GIVEN, Erasure.KEPT)
    __record__ = Record()

    user_id: Mapped[OwnerId]
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[Id] = mapped_column(init=False)
    debit: Mapped[AccountKind]
    credit: Mapped[AccountKind]
    amount: Mapped[Minor]
    currency: Mapped[str]
    cause_kind: Mapped[CauseKind]
    cause_id: Mapped[UUID]
    part: Mapped[int] = mapped_column(SmallInteger, init=False, default=0)  # which of its cause's transfers, from 0
    value_on: Mapped[date]
    booked_at: Mapped[datetime] = mapped_column(init=False)
    partner_id: Mapped[UUID | None] = mapped_column(default=None)  # whose agreement it is
    reverses: Mapped[UUID | None] = mapped_column(default=None)

    __table_args__ = (
        *(
            ForeignKeyConstraint(
                ["user_id", "subject_id", side, "currency"],
                [LedgerAccount.user_id, LedgerAccount.subject_id, LedgerAccount.kind, LedgerAccount.currency],
                name=f"fk_transfers_{side}",
            )
            for side in ("debit", "credit")
        ),
        UniqueConstraint("user_id", "cause_kind", "cause_id", "part", name="uq_transfers_once"),
        Index(
            "ix_transfers_reversed_once",
            "user_id",
            "subject_id",
            "reverses",
            unique=True,
            postgresql_where="reverses IS NOT NULL",
        ),
        Index(None, "partner_id", "booked_at"),
        # What membership came to in a span of days.
        Index(None, "value_on", postgresql_where=text("cause_kind IN ('BENEFIT', 'PLAN', 'PLAN_REFUND')")),
        CheckConstraint(f"amount > 0 AND amount <= {MINOR_MAX}", name="amount"),
        CheckConstraint("debit <> credit", name="two_accounts"),
    )

    @property
    def cause(self) -> Cause:
        return Cause(self.cause_kind, self.cause_id)


def transfer(
    cause: Cause,
    debit: AccountKind,
    credit: AccountKind,
    amount: int,
    *,
    currency: str,
    user_id: UUID,
    subject_id: UUID,
    partner_id: UUID | None,
    value_on: date,
) -> Transfer:
    """Not posted yet. Its debit account gains what its credit account gives: `amount` in minor units, above zero."""
    return Transfer(
        user_id=user_id,
        subject_id=subject_id,
        debit=debit,
        credit=credit,
        amount=amount,
        currency=currency,
        cause_kind=cause.kind,
        cause_id=cause.id,
        value_on=value_on,
        partner_id=partner_id,
    )


def reversal(of: Transfer, cause: Cause, *, value_on: date | None = None) -> Transfer:
    """What takes a transfer back, not posted yet; counted from the same day unless another is named."""
    back = transfer(
        cause,
        of.credit,
        of.debit,
        of.amount,
        currency=of.currency,
        user_id=of.user_id,
        subject_id=of.subject_id,
        partner_id=of.partner_id,
        value_on=value_on or of.value_on,
    )
    back.reverses = of.id
    return back


async def transfers_of(
    db: Db, user_id: UUID, subject_id: UUID, *, after: UUID | None = None, first: int | None = None
) -> Sequence[Transfer]:
    """One agreement's transfers, in the order in which they were made; all of them unless `first` says how many."""
    mine = select(Transfer).where(Transfer.user_id == user_id, Transfer.subject_id == subject_id)
    if after is not None:
        mine = mine.where(Transfer.id > after)
    return (await db.execute(mine.order_by(Transfer.id).limit(first))).scalars().all()


async def is_posted(db: Db, user_id: UUID, cause: Cause) -> bool:
    mine = select(Transfer.part).where(
        Transfer.user_id == user_id, Transfer.cause_kind == cause.kind, Transfer.cause_id == cause.id
    )
    return (await db.execute(mine.limit(1))).first() is not None
