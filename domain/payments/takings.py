"""Taking: money that a cashier says has come in. It is counted once, whether it settled a payment or fits nothing."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import structlog
from sqlalchemy import CheckConstraint, Index, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import StaffActor
from domain.ledger import posting
from domain.ledger.kinds import AccountKind
from domain.ledger.transfers import Cause, CauseKind, Transfer, reversal, transfer
from domain.payments.cashiers import Paid
from domain.payments.payments import CashierOrderOwner
from domain.permissions import Permission
from infra import clock, outbox
from infra.database import Db
from infra.entity import Entity, Minor
from infra.errors import invalid, not_found
from infra.events import declare
from infra.ids import new_id
from infra.records import Record
from infra.words import N_

REASON_MAX = 400
NOBODY = UUID(int=1)  # whose money that names no payment of ours is
UNMATCHED = declare("money.unmatched", why=str)
CONTRADICTED = declare("money.contradicted")
log = structlog.get_logger()


class WhyUnmatched(StrEnum):
    UNKNOWN_PAYMENT = "UNKNOWN_PAYMENT"  # no payment of ours has this id
    SECOND_PAYMENT = "SECOND_PAYMENT"  # the payment was settled by other money before
    WRONG_AMOUNT = "WRONG_AMOUNT"
    FOREIGN_CURRENCY = "FOREIGN_CURRENCY"
    NOTHING_OWED = "NOTHING_OWED"  # what it was paid for can take no money any more


class Taking(Entity):
    """`order_id` is the id that the cashier named, as it named it. What came is booked to `unmatched` where `why` says so.

    `contradicted_at` is when the cashier first said something else of the same money, or of what went back of it; that changes
    nothing by itself.
    `payment_id`: what it was found to be, by `ended_by`. `refund_id`: how it goes back. `ended_at`: when either was done.
    """

    __tablename__ = "takings"
    __record__ = Record(later=("why", "contradicted_at", "payment_id", "refund_id", "reason", "ended_by", "ended_at"))

    cashier: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True, insert_default=new_id)
    order_id: Mapped[str]
    amount: Mapped[Minor]
    currency: Mapped[str]
    paid_at: Mapped[datetime]
    taken_at: Mapped[datetime]
    why: Mapped[WhyUnmatched | None] = mapped_column(default=None)
    contradicted_at: Mapped[datetime | None] = mapped_column(default=None)
    payment_id: Mapped[UUID | None] = mapped_column(default=None)
    refund_id: Mapped[UUID | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(default=None)
    ended_by: Mapped[UUID | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        Index(
            "ix_takings_odd",
            "taken_at",
            postgresql_where=text("why IS NOT NULL OR contradicted_at IS NOT NULL"),
        ),
    )


async def take(db: Db, cashier: str, order_id: str, paid: Paid) -> Taking | None:
    """Count money that came in; None where it was counted before. What is told otherwise of the same money is marked."""
    now = await clock.now(db)
    row = insert(Taking).values(
        cashier=cashier,
        reference=paid.reference,
        id=new_id(),
        order_id=order_id,
        amount=paid.amount.minor,
        currency=paid.amount.currency,
        paid_at=min(paid.at, now),  # no money came in the future, whatever the cashier's clock says
        taken_at=now,
    )
    new = (
        await db.execute(row.on_conflict_do_nothing(index_elements=["cashier", "reference"]).returning(Taking))
    ).scalar_one_or_none()
    if new is None:
        before = await db.get_one(Taking, (cashier, paid.reference))
        if (before.order_id, before.amount, before.currency) != (order_id, paid.amount.minor, paid.amount.currency):
            await contradict(db, before)
    return new


async def contradict(db: Db, taking: Taking) -> None:
    """Mark money of which the cashier says two things; people look at it."""
    log.error("cashier.contradicts_itself", cashier=taking.cashier, taking_id=str(taking.id))
    if taking.contradicted_at is None:
        taking.contradicted_at = await clock.now(db)
        await outbox.announce(db, CONTRADICTED, subject_id=taking.id)


async def set_apart(db: Db, taking: Taking, why: WhyUnmatched, user_id: UUID = NOBODY) -> None:
    """Money that fits nothing: it lies in an account of its own until somebody finds out what it is for."""
    taking.why = why
    await db.flush()
    apart = transfer(
        Cause(CauseKind.UNMATCHED, taking.id),
        AccountKind.COLLECTED,
        AccountKind.UNMATCHED,
        taking.amount,
        currency=taking.currency,
        user_id=user_id,
        subject_id=taking.id,
        partner_id=None,
        value_on=clock.local_day(taking.paid_at),
    )
    await posting.post(db, [apart])
    log.warning("money.unmatched", reason=why.value, taking_id=str(taking.id))
    await outbox.announce(db, UNMATCHED, subject_id=taking.id, why=why)


async def lock(db: Db, id: UUID) -> Taking:
    """Refuses NOT_FOUND where there is none of this id."""
    its = select(Taking).where(Taking.id == id).with_for_update().execution_options(populate_existing=True)
    taking = (await db.execute(its)).scalar_one_or_none()
    if taking is None:
        raise not_found(N_("We could not find this money."))
    return taking


def require_mover(actor: StaffActor, reason: str) -> None:
    """Refuses NOT_ALLOWED whoever may not move money, and INVALID to move it without saying why."""
    actor.require(Permission.MOVE_MONEY)
    if not 0 < len(reason) <= REASON_MAX:
        raise invalid(N_("Say why, in up to {most} characters."), "reason", most=REASON_MAX)


async def apart(db: Db, taking: Taking) -> Transfer:
    """How it was set apart, in the ledger of whoever it was asked of, or of nobody."""
    its = select(Transfer).where(Transfer.user_id.in_(await owners(db, taking)), Transfer.subject_id == taking.id)
    return (await db.execute(its.where(Transfer.cause_kind == CauseKind.UNMATCHED))).scalar_one()


async def owners(db: Db, taking: Taking) -> list[UUID]:
    """Nobody, and whoever it was asked of."""
    try:
        owner = await db.scalar(select(CashierOrderOwner.user_id).where(CashierOrderOwner.id == UUID(taking.order_id)))
    except ValueError:
        owner = None
    return [NOBODY, owner] if owner else [NOBODY]


async def release(db: Db, taking: Taking, why: CauseKind) -> None:
    """Let it lie apart no more, for this cause."""
    await posting.post(db, [reversal(await apart(db, taking), Cause(why, taking.id))])


async def odd(db: Db, limit: int) -> Sequence[Taking]:
    """What people should look at, the newest first."""
    lies_apart = Taking.why.is_not(None) & Taking.ended_at.is_(None)
    wanted = select(Taking).where(lies_apart | Taking.contradicted_at.is_not(None))
    return (await db.execute(wanted.order_by(Taking.taken_at.desc()).limit(limit))).scalars().all()
