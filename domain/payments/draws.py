"""Draws: payments that no person makes, begun by mandates and asked of the cashier as any other; a stop holds those not asked yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from domain import stops
from domain.payments import cashiers, unsure
from domain.payments.cashiers import PaymentStatus
from domain.payments.causes import PaidFor
from domain.payments.mandates import Mandate
from domain.payments.payments import LOOK_DUE, CashierOrderOwner, Payment
from domain.stops import Held, StopKind
from infra import clock, outbox
from infra.database import Db
from infra.money import Money
from infra.outbox import Event
from infra.reactions import reaction


@dataclass(frozen=True)
class Draw:
    """What is to be drawn by a mandate of all that was due up to `due_on`, the how manieth time `attempt`, from 1; not before
    `from_on`, nor before the cashier told the person where it `is_told_before`.
    """

    mandate: Mandate
    purpose: PaidFor
    amount: Money
    due_on: date
    attempt: int
    from_on: date
    is_told_before: bool


async def begin(db: Db, draws: Sequence[Draw]) -> None:
    """Payments that no cashier was asked for yet, in as many statements as of one; whoever looks after them asks once the cashier draws."""
    if not draws:
        return
    now = await clock.now(db)
    begun = [_begun(draw, now) for draw in draws]
    db.add_all([*begun, *(CashierOrderOwner(id=each.id, user_id=each.user_id) for each in begun)])
    await db.flush()
    dues = [cashiers.cashier(each.cashier).draws_from(now) for each in begun]
    await outbox.announce_all(db, LOOK_DUE, [(each.user_id, each.id) for each in begun], dues=dues)


def _begun(draw: Draw, now: datetime) -> Payment:
    return Payment(
        user_id=draw.mandate.user_id,
        cause=draw.purpose.cause,
        cause_id=draw.purpose.id,
        amount=draw.amount.minor,
        currency=draw.amount.currency,
        cashier=draw.mandate.cashier,
        begun_at=now,
        expires_at=now + unsure.lasts(),
        mandate_id=draw.mandate.id,
        due_on=draw.due_on,
        attempt=draw.attempt,
    )


async def is_stopped(db: Db) -> bool:
    return await stops.is_stopped(db, StopKind.AUTOPAY)


@reaction(stops.LIFTED, stored_as="go_on_drawing")
async def retry_held_draws(db: Db, event: Event) -> None:
    """What was held is drawn at once, where it is still owed."""
    if event.data["kind"] == StopKind.AUTOPAY:
        rows = await db.execute(_held.with_only_columns(Payment.user_id, Payment.id))
        await outbox.announce_all(db, LOOK_DUE, [(user_id, id) for user_id, id in rows])


async def _count_held(db: Db) -> Held:
    sums = _held.with_only_columns(Payment.currency, func.count(), func.sum(Payment.amount)).group_by(Payment.currency)
    rows = (await db.execute(sums.order_by(Payment.currency))).all()
    return Held(sum(count for _, count, _ in rows), [Money(int(amount), currency) for currency, _, amount in rows])


_held = select(Payment).where(
    Payment.mandate_id.is_not(None), Payment.answered_at.is_(None), Payment.status == PaymentStatus.PENDING
)
stops.holders[StopKind.AUTOPAY].append(_count_held)
