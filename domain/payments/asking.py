"""Asking a cashier of a payment: for the money once, then what became of it, and to close what is over or not wanted any more."""

from uuid import UUID

import structlog

from domain.payments import cashiers, causes, draws, payments, unsure
from domain.payments.cashiers import Cashier, CashierAnswer, CashierAway, CashierOrder, PaymentStatus
from domain.payments.mandates import Mandate
from domain.payments.payments import ADDRESS, Payment
from infra import clock, vault
from infra.database import Db, reading
from infra.words import DEFAULT_LOCALE, say

log = structlog.get_logger()


async def ask(user_id: UUID, payment_id: UUID) -> CashierAnswer | None:
    """What the cashier says now; None where it says nothing new, or is away."""
    async with reading() as db:
        payment = await db.get_one(Payment, (user_id, payment_id))
        order, now = await _order_of(db, payment), await clock.now(db)
        is_unasked_draw = payment.is_drawn and payment.answered_at is None
        if is_unasked_draw and await draws.is_stopped(db):
            return None
        is_open_draw = payment.is_drawn and payment.is_open
        is_wanted = not is_open_draw or await causes.cause(payment.cause).is_wanted(db, payment)
    cashier = cashiers.cashier(payment.cashier)
    try:
        if not is_wanted:
            return await _called_off(cashier, order)
        if payment.answered_at is None and now < payment.expires_at:
            return await cashier.collect(order)
        answer = await cashier.look_up(order)
        if answer is None and is_unasked_draw:
            # A stop held it for long. What the cashier knows nothing of, it never began.
            return await cashier.collect(order)
        return await cashier.close(order) if unsure.is_to_close(payment, answer, now) else answer
    except CashierAway as away:
        log.warning("cashier.away", cashier=payment.cashier, reason=away.reason, payment_id=str(payment.id))
        return None


async def _order_of(db: Db, payment: Payment) -> CashierOrder:
    """What the cashier is asked, each time in the same words."""
    title = say(causes.cause(payment.cause).title, DEFAULT_LOCALE)
    address = ""
    if payment.address_sealed is not None:
        address = (await vault.seal_of(db, payment.user_id)).open(payment.address_sealed, ADDRESS)
    mandate = None
    if payment.mandate_id is not None:
        mandate = (await db.get_one(Mandate, (payment.user_id, payment.mandate_id))).reference
    return CashierOrder(payment.id, payment.money, title, payment.expires_at, address, mandate)


async def _called_off(cashier: Cashier, order: CashierOrder) -> CashierAnswer:
    """Of a draw that is not wanted any more. It may have been asked by a process that ended before it wrote that down."""
    answer = await cashier.look_up(order)
    if answer is None:
        return CashierAnswer(PaymentStatus.FAILED)
    return await cashier.close(order) if answer.status in payments.OPEN else answer
