"""Paying, as a story: begin in a transaction, ask the cashier outside of any, record what it says in another.

A process may end between any two of these: a payment that is open is looked after until its end is known.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from domain.payments import asking, cashiers, causes, payments, signing, takings, unsure
from domain.payments.cashiers import CashierAnswer, Paid, PaymentStatus
from domain.payments.causes import PaidFor
from domain.payments.looks import LAST_LOOK, next_look
from domain.payments.payments import ADDRESS, LIFE, LOOK_DUE, PAGE, CashierOrderOwner, Payment, PaymentFailure
from domain.payments.takings import Taking, WhyUnmatched
from infra import clock, outbox, vault
from infra.database import Db, reading, transact
from infra.money import Money
from infra.outbox import Event
from infra.reactions import reaction


async def begin(
    db: Db, user_id: UUID, purpose: PaidFor, amount: Money, *, address: str = "", counts_on: date | None = None
) -> Payment:
    """A payment that no cashier was asked for yet; `ask` does, and whoever looks after it where this process ends before."""
    now = await clock.now(db)
    payment = Payment(
        user_id=user_id,
        cause=purpose.cause,
        cause_id=purpose.id,
        amount=amount.minor,
        currency=amount.currency,
        cashier=cashiers.chosen(),
        begun_at=now,
        expires_at=now + payments.LASTS,
        counts_on=counts_on,
    )
    if address:
        payment.address_sealed = (await vault.seal_of(db, user_id)).close(address, ADDRESS)
    db.add_all([payment, CashierOrderOwner(id=payment.id, user_id=user_id)])
    await _plan(db, payment, next_look(now, now))
    await db.flush()
    return payment


async def ask(user_id: UUID, payment_id: UUID) -> Payment:
    """Ask the cashier what there is to know of a payment, and record it. It stays as it is where the cashier is away."""
    answer = await asking.ask(user_id, payment_id)

    async def recorded(db: Db) -> Payment:
        if answer is None:
            return await db.get_one(Payment, (user_id, payment_id))
        return await record(db, await _locked(db, user_id, payment_id), answer)

    return await transact(recorded)


async def hear(cashier: str, order_id: UUID | str, answer: CashierAnswer) -> None:
    """Record what a cashier tells unasked. What it says of an order that we never gave is money that fits nothing, or nothing."""

    async def recorded(db: Db) -> None:
        user_id = await payments.owner_of(db, order_id) if isinstance(order_id, UUID) else None
        known = select(Payment.id).where(Payment.user_id == user_id, Payment.id == order_id, Payment.cashier == cashier)
        if user_id is not None and isinstance(order_id, UUID) and await db.scalar(known):
            await record(db, await _locked(db, user_id, order_id), answer)
        elif answer.paid and (taking := await takings.take(db, cashier, str(order_id), answer.paid)):
            await takings.set_apart(db, taking, WhyUnmatched.UNKNOWN_PAYMENT)

    await transact(recorded)


async def record(db: Db, payment: Payment, answer: CashierAnswer) -> Payment:
    """Write down what the cashier says of a payment, which is locked. Said again, it changes nothing."""
    match answer.status:
        case PaymentStatus.SETTLED:
            assert answer.paid is not None
            await _take(db, payment, answer.paid)
        case PaymentStatus.FAILED:
            await _fail(db, payment)
        case PaymentStatus.NEEDS_ACTION if payment.is_open:
            await _await_person(db, payment, answer.page)
        case PaymentStatus.PENDING if payment.status is PaymentStatus.NEEDS_ACTION:
            await LIFE.move(db, payment, PaymentStatus.PENDING)
    payment.answered_at = payment.answered_at or await clock.now(db)
    return payment


@reaction(LOOK_DUE, stored_as="look_after_payment", calls_out=True)
async def follow_up(event: Event) -> None:
    """Ask what became of a payment, and plan the next look while nobody knows; a failed one is looked at once more."""
    assert event.user_id and event.subject_id, "a payment is somebody's"
    user_id, payment_id = event.user_id, event.subject_id
    async with reading() as db:
        before = await db.get_one(Payment, (user_id, payment_id))
    if before.status is PaymentStatus.SETTLED:
        return
    answer = await asking.ask(user_id, payment_id)

    async def recorded(db: Db) -> None:
        payment = await _locked(db, user_id, payment_id)
        if answer is not None:
            await record(db, payment, answer)
        if payment.is_open:
            await _plan(db, payment, _next_look(payment, await clock.now(db)))
            await unsure.promise_end(db, payment)

    await transact(recorded)


async def _locked(db: Db, user_id: UUID, payment_id: UUID) -> Payment:
    """The payment, locked after what it is for."""
    seen = await db.get_one(Payment, (user_id, payment_id))
    await causes.cause(seen.cause).lock(db, user_id, seen.cause_id)
    mine = select(Payment).where(Payment.user_id == user_id, Payment.id == payment_id)
    return (await db.execute(mine.with_for_update().execution_options(populate_existing=True))).scalar_one()


async def _take(db: Db, payment: Payment, paid: Paid) -> None:
    taking = await takings.take(db, payment.cashier, str(payment.id), paid)
    if taking is None:
        if payment.is_open:
            # An order's own money ends it, so this is another's: whether more comes, the look after an end will tell.
            await _end(db, payment, PaymentFailure.ODD_MONEY)
        return
    if why := _why_odd(payment, taking):
        await takings.set_apart(db, taking, why, payment.user_id)
        if payment.is_open:
            await _end(db, payment, PaymentFailure.ODD_MONEY)
        return
    await _settle(db, payment, taking)


def _why_odd(payment: Payment, taking: Taking) -> WhyUnmatched | None:
    if payment.status is PaymentStatus.SETTLED:
        return WhyUnmatched.SECOND_PAYMENT
    if taking.currency != payment.currency:
        return WhyUnmatched.FOREIGN_CURRENCY
    return WhyUnmatched.WRONG_AMOUNT if taking.amount != payment.amount else None


async def _settle(db: Db, payment: Payment, taking: Taking) -> None:
    payment.reference, payment.failure = taking.reference, None
    payment.page_sealed = payment.address_sealed = None
    # What was paid was paid after we asked for it, whatever the cashier's clock says.
    payment.settled_at = max(taking.paid_at, payment.begun_at)
    await LIFE.move(db, payment, PaymentStatus.SETTLED)
    await unsure.note_end(db, payment)
    if payment.is_drawn:
        await outbox.announce(db, payments.DRAWN, user_id=payment.user_id, subject_id=payment.id)
    if not await causes.cause(payment.cause).settle(db, payment):
        await takings.set_apart(db, taking, WhyUnmatched.NOTHING_OWED, payment.user_id)


async def _fail(db: Db, payment: Payment) -> None:
    if payment.status is PaymentStatus.SETTLED:
        await takings.contradict(db, await db.get_one(Taking, (payment.cashier, payment.reference)))
    elif payment.is_open:
        is_over = await clock.now(db) >= payment.expires_at
        await _end(db, payment, PaymentFailure.EXPIRED if is_over else PaymentFailure.REFUSED)


async def _end(db: Db, payment: Payment, failure: PaymentFailure) -> None:
    payment.failure, payment.page_sealed, payment.address_sealed = failure, None, None
    await LIFE.move(db, payment, PaymentStatus.FAILED)
    await unsure.note_end(db, payment)
    await causes.cause(payment.cause).fail(db, payment)
    if payment.mandate_id is not None:
        await signing.look_soon(db, payment.user_id, payment.mandate_id)
    # A cashier that contradicts itself may have money for us all the same, and its word of it may be lost.
    await _plan(db, payment, await clock.now(db) + LAST_LOOK)


async def _await_person(db: Db, payment: Payment, page: str | None) -> None:
    if page is not None and payment.page_sealed is None:
        payment.page_sealed = (await vault.seal_of(db, payment.user_id)).close(page, PAGE)
    if payment.status is PaymentStatus.PENDING and payment.page_sealed is not None:
        await LIFE.move(db, payment, PaymentStatus.NEEDS_ACTION)


async def _plan(db: Db, payment: Payment, at: datetime) -> None:
    await outbox.announce(db, LOOK_DUE, user_id=payment.user_id, subject_id=payment.id, due_at=at)


def _next_look(payment: Payment, now: datetime) -> datetime:
    """At once when the page closes, too."""
    later = next_look(payment.begun_at, now)
    return min(later, payment.expires_at) if now < payment.expires_at else later
