"""Payment: money on its way to us. It counts once it is settled, never before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.payments.cashiers import PaymentStatus
from infra import vault
from infra.database import Db
from infra.entity import Entity, Id, Minor, OwnerId
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.loaders import is_any_pair, loader
from infra.money import Money
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.revisions import Raised, raises

PAGE, ADDRESS = "payments.page", "payments.address"
LASTS = timedelta(minutes=15)  # until a page that nobody has paid on is closed
LOOK_DUE = declare("payment.look_due")
NEEDS_ACTION, SETTLED, FAILED = map(declare, ("payment.needs_action", "payment.settled", "payment.failed"))
DRAWN = declare("payment.drawn")  # a mandate has drawn it

OPEN = (PaymentStatus.PENDING, PaymentStatus.NEEDS_ACTION)

# A cashier that said no may still bring the money: it is booked whenever it comes.
LIFE = Lifecycle(
    "Payment",
    Move([PaymentStatus.PENDING], PaymentStatus.NEEDS_ACTION, NEEDS_ACTION),
    Move([PaymentStatus.NEEDS_ACTION], PaymentStatus.PENDING),
    Move([*OPEN, PaymentStatus.FAILED], PaymentStatus.SETTLED, SETTLED),
    Move(OPEN, PaymentStatus.FAILED, FAILED, at="expires_at", due=LOOK_DUE),
    begins=PaymentStatus.PENDING,
    ends=(PaymentStatus.SETTLED,),
    groups={"open": OPEN},
)


class PaymentFailure(StrEnum):
    REFUSED = "REFUSED"  # the cashier or the person said no
    EXPIRED = "EXPIRED"  # nobody paid in time
    ODD_MONEY = "ODD_MONEY"  # what came was another amount or currency, and is kept apart; or it had come for another


@dataclass(frozen=True)
class Action:
    """What the person has to do at the cashier."""

    page: str
    expires_at: datetime


@raises(Raised.OWNERS)
class Payment(Entity):
    """`page` is the cashier's, where the person has to act; `address` is from where they asked. Both are sealed.

    `answered_at` is when the cashier first said anything: until then it is asked for the money, afterwards what became of it.
    `counts_on` is the day from which it counts whenever it is settled; None: the day on which it was.
    `mandate_id`: by which it is drawn, for what was due up to `due_on`, the how manieth time is `attempt`; None where a person pays.
    """

    __tablename__ = "payments"
    __privacy__ = Privacy(Export.GIVEN, Erasure.KEPT)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    cause: Mapped[str]
    cause_id: Mapped[UUID]
    amount: Mapped[Minor]
    currency: Mapped[str]
    cashier: Mapped[str]
    begun_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    status: Mapped[PaymentStatus] = mapped_column(default=PaymentStatus.PENDING)
    address_sealed: Mapped[bytes | None] = mapped_column(default=None)
    page_sealed: Mapped[bytes | None] = mapped_column(default=None)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    reference: Mapped[str | None] = mapped_column(default=None)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)
    counts_on: Mapped[date | None] = mapped_column(default=None)
    failure: Mapped[PaymentFailure | None] = mapped_column(default=None)
    mandate_id: Mapped[UUID | None] = mapped_column(default=None)
    due_on: Mapped[date | None] = mapped_column(default=None)
    attempt: Mapped[int | None] = mapped_column(SmallInteger, default=None)

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(status = 'SETTLED') = (settled_at IS NOT NULL)", name="settled"),
        Index(None, "user_id", "cause_id"),
        # Nothing is drawn twice for the same, whoever draws at once.
        Index(
            "uq_payments_draws",
            "user_id",
            "cause_id",
            "due_on",
            "attempt",
            unique=True,
            postgresql_where="mandate_id IS NOT NULL",
        ),
        Index(
            "ix_payments_draws_held",
            "currency",
            postgresql_where="mandate_id IS NOT NULL AND answered_at IS NULL AND status = 'PENDING'",
        ),
    )

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def is_drawn(self) -> bool:
        """Whether it is drawn by a mandate."""
        return self.mandate_id is not None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


class CashierOrderOwner(Entity):
    """Whose a payment or refund is: a cashier knows our id alone."""

    __tablename__ = "cashier_order_owners"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.KEPT)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(index=True)


async def owner_of(db: Db, order_id: UUID) -> UUID | None:
    return await db.scalar(select(CashierOrderOwner.user_id).where(CashierOrderOwner.id == order_id))


async def of_cause(db: Db, user_id: UUID, cause: str, cause_id: UUID) -> Sequence[Payment]:
    """All that was paid or is to be paid for this, the newest first."""
    its = select(Payment).where(Payment.user_id == user_id, Payment.cause == cause, Payment.cause_id == cause_id)
    return (await db.execute(its.order_by(Payment.id.desc()))).scalars().all()


_OF_CAUSES = Question(
    lambda: select(Payment).where(is_any_pair(Payment.user_id, Payment.cause_id)).order_by(Payment.id.desc())
)


@loader(_OF_CAUSES)
async def of_causes(
    db: Db | None, keys: set[tuple[UUID, UUID]], now: datetime, rows: list[tuple[Payment]]
) -> dict[tuple[UUID, UUID], list[Payment]]:
    """The payments for many things, by (user, cause id), the newest first."""
    found: dict[tuple[UUID, UUID], list[Payment]] = {key: [] for key in keys}
    for (payment,) in rows:
        found[payment.user_id, payment.cause_id].append(payment)
    return found


async def actions(db: Db, keys: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Action]:
    """What the person has to do now for each of these payments, by (user, payment); who has nothing to do is missing."""
    wanted = select(Payment).where(
        Payment.user_id.in_({user_id for user_id, _ in keys}),
        Payment.id.in_({id for _, id in keys}),
        Payment.status == PaymentStatus.NEEDS_ACTION,
        Payment.page_sealed.is_not(None),
    )
    rows = (await db.execute(wanted)).scalars().all()
    seals = await vault.seals_of(db, {row.user_id for row in rows}) if rows else {}
    return {
        (row.user_id, row.id): Action(seals[row.user_id].open(row.page_sealed, PAGE), row.expires_at)
        for row in rows
        if row.user_id in seals and row.page_sealed is not None
    }
