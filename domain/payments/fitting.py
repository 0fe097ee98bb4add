"""Fitting: one of the staff finds out what money was for that fitted nothing; then it is a payment like any other."""

from uuid import UUID

from domain import approvals, changes
from domain.actors import StaffActor
from domain.ledger.transfers import CauseKind
from domain.payments import causes, sending_back, takings
from domain.payments.cashiers import PaymentStatus
from domain.payments.causes import PaidFor
from domain.payments.payments import LIFE, Payment
from domain.payments.takings import Taking
from infra import clock
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.words import N_


async def fit(db: Db, actor: StaffActor, taking_id: UUID, user_id: UUID, paid_for: PaidFor, reason: str) -> Payment:
    """Let it be a payment of theirs for this, of the day on which it was paid; said again, it is the same.

    Refuses NOT_ALLOWED, INVALID, NOT_FOUND, STALE what was found to be for something else, and NOT_OPEN what is on its way
    back, or cannot be for this.
    """
    takings.require_mover(actor, reason)
    await causes.cause(paid_for.cause).lock(db, user_id, paid_for.id)
    taking = await takings.lock(db, taking_id)
    if taking.payment_id is not None:
        return await _fitted(db, taking, user_id, paid_for)
    await sending_back.refuse_ended(db, taking)
    if await sending_back.is_proposed(db, taking):
        await approvals.reject(db, actor, sending_back.SEND_BACK, subject=str(taking.id))
    payment = await _payment_of(db, taking, user_id, paid_for)
    if not await causes.cause(paid_for.cause).settle(db, payment):
        sentence = N_("Money in {currency} can pay nothing of this.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=("agreement",), currency=taking.currency)
    await takings.release(db, taking, CauseKind.MATCHED)
    now = await clock.now(db)
    taking.payment_id, taking.reason, taking.ended_by, taking.ended_at = payment.id, reason, actor.staff_id, now
    after = {"paidFor": paid_for.cause, "payment": str(payment.id)}
    await changes.record(db, actor, "taking", str(taking.id), before={}, after=after)
    return payment


async def _fitted(db: Db, taking: Taking, user_id: UUID, paid_for: PaidFor) -> Payment:
    payment = await db.get(Payment, (user_id, taking.payment_id))
    if payment is None or (payment.cause, payment.cause_id) != (paid_for.cause, paid_for.id):
        raise Refusal(RefusalCode.STALE, N_("This was found to be for something else."))
    return payment


async def _payment_of(db: Db, taking: Taking, user_id: UUID, paid_for: PaidFor) -> Payment:
    """Settled when the money came, for the cashier has it already."""
    payment = Payment(
        user_id=user_id,
        cause=paid_for.cause,
        cause_id=paid_for.id,
        amount=taking.amount,
        currency=taking.currency,
        cashier=taking.cashier,
        begun_at=taking.paid_at,
        expires_at=taking.paid_at,
        answered_at=taking.taken_at,
        reference=taking.reference,
        settled_at=taking.paid_at,
    )
    await LIFE.move(db, payment, PaymentStatus.SETTLED)
    db.add(payment)
    await db.flush()
    return payment
