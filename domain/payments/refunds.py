"""Refund: money on its way back to a person, out of what one payment of theirs brought."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.deadlines.deadlines import DeadlineKind, declare_kind
from domain.notices import kinds
from domain.notices.classes import NoticeClass
from domain.notices.kinds import NoticeKind
from domain.payments.cashiers import PaymentStatus, RefundOrder
from domain.payments.payments import Payment
from domain.payments.takings import Taking
from infra.database import Db
from infra.entity import Entity, Id, Minor, OwnerId
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.money import Money
from infra.privacy import Erasure, Export, Privacy
from infra.revisions import Raised, raises
from infra.words import N_

LOOK_DUE = declare("refund.look_due")
REFUND_DELAYED = kinds.declare(
    NoticeKind(
        "refund_delayed",
        NoticeClass.MONEY,
        N_("Money takes longer to come back than it should"),
        N_("Something was to be back with you within seven working days, and is not. We are looking into it."),
        lock=N_("Something takes longer than we promised. Open Longan to read it."),
    )
)
BACK = declare_kind(DeadlineKind("refund", N_("Money on its way back to a person"), REFUND_DELAYED))
BACK_WITHIN_DAYS = 7  # working days
SETTLED, FAILED = map(declare, ("refund.settled", "refund.failed"))

# Nobody has to act, so it never NEEDS_ACTION. What a cashier called off may have gone back all the same.
LIFE = Lifecycle(
    "Refund",
    Move([PaymentStatus.PENDING, PaymentStatus.FAILED], PaymentStatus.SETTLED, SETTLED),
    Move([PaymentStatus.PENDING], PaymentStatus.FAILED, FAILED),
    begins=PaymentStatus.PENDING,
    ends=(PaymentStatus.SETTLED,),
    later=(PaymentStatus.NEEDS_ACTION,),
)


@raises(Raised.OWNERS)
class Refund(Entity):
    """`payment_id` names the taking where no payment was settled by the money. `answered_at` is when the cashier first said
    anything of it: until then it is asked to give back. `stuck_at`: when it first said that it waits for somebody of ours.
    `by_hand_at`: when we gave it back ourselves, by the transfer that `reference` names.
    """

    __tablename__ = "refunds"
    __privacy__ = Privacy(Export.GIVEN, Erasure.KEPT)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    payment_id: Mapped[UUID]
    cause: Mapped[str]
    cause_id: Mapped[UUID]
    amount: Mapped[Minor]
    currency: Mapped[str]
    cashier: Mapped[str]
    begun_at: Mapped[datetime]
    status: Mapped[PaymentStatus] = mapped_column(default=PaymentStatus.PENDING)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    reference: Mapped[str | None] = mapped_column(default=None)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)
    stuck_at: Mapped[datetime | None] = mapped_column(default=None)
    by_hand_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(status = 'SETTLED') = (settled_at IS NOT NULL)", name="settled"),
        Index(None, "user_id", "payment_id"),
    )

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)


async def given_back(db: Db, user_id: UUID, payment_ids: set[UUID]) -> dict[UUID, int]:
    """How much of each payment went back or is on its way."""
    total = (
        select(Refund.payment_id, func.sum(Refund.amount))
        .where(Refund.user_id == user_id, Refund.payment_id.in_(payment_ids), Refund.status != PaymentStatus.FAILED)
        .group_by(Refund.payment_id)
    )
    return {payment_id: int(amount) for payment_id, amount in await db.execute(total)}


async def asked_of(db: Db, taking: Taking, owners: set[UUID]) -> int:
    """How much of some money its cashier was asked to give back, by the refunds of these people and whatever became of them."""
    is_its = (Payment.cashier == taking.cashier) & (Payment.reference == taking.reference)
    paid = select(Payment.id).where(Payment.user_id.in_(owners), is_its)
    its = select(func.sum(Refund.amount)).where(Refund.user_id.in_(owners), Refund.by_hand_at.is_(None))
    return int(await db.scalar(its.where(or_(Refund.payment_id == taking.id, Refund.payment_id.in_(paid)))) or 0)


async def lying_apart(db: Db, user_id: UUID, payment_ids: set[UUID]) -> set[UUID]:
    """Say of which of these payments the money fitted nothing. It goes back by itself, or is found to be another payment."""
    is_its = (Taking.cashier == Payment.cashier) & (Taking.reference == Payment.reference)
    its = select(Payment.id).join(Taking, is_its).where(Payment.user_id == user_id, Payment.id.in_(payment_ids))
    odd = its.where(Taking.why.is_not(None), Taking.payment_id.is_distinct_from(Payment.id))
    return {*(await db.execute(odd)).scalars()}


async def taking_of(db: Db, refund: Refund) -> Taking:
    """The money of which it goes back."""
    payment = await db.get(Payment, (refund.user_id, refund.payment_id))
    if payment is not None:
        return await db.get_one(Taking, (payment.cashier, payment.reference))
    return (await db.execute(select(Taking).where(Taking.id == refund.payment_id))).scalar_one()


async def order_of(db: Db, refund: Refund) -> RefundOrder:
    """What the cashier is asked, each time in the same words."""
    taking = await taking_of(db, refund)
    of = refund.payment_id if taking.order_id == str(refund.payment_id) else None
    return RefundOrder(refund.id, refund.money, of, Money(taking.amount, taking.currency), taking.reference)
