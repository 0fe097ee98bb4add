"""Giving money back, as a story: begin in a transaction, ask the cashier outside of any, record what it says in another."""

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import func, select

from domain import stops
from domain.deadlines import deadlines, working_days
from domain.payments import cashiers, causes, payments, refunds, takings
from domain.payments.cashiers import CashierAway, PaymentStatus, RefundAnswer
from domain.payments.causes import PaidFor
from domain.payments.looks import LAST_LOOK, next_look
from domain.payments.payments import CashierOrderOwner
from domain.payments.refunds import LIFE, LOOK_DUE, Refund
from domain.payments.takings import Taking
from domain.stops import Held, StopKind
from infra import clock, outbox
from infra.database import Db, reading, transact
from infra.money import Money
from infra.outbox import Event
from infra.reactions import reaction

log = structlog.get_logger()


async def begin(db: Db, user_id: UUID, purpose: PaidFor, amount: Money) -> list[Refund]:
    """Refunds of this amount together, of the newest payments for it; what is paid for is locked. None where they don't reach."""
    paid = await payments.of_cause(db, user_id, purpose.cause, purpose.id)
    came = [each for each in paid if each.status is PaymentStatus.SETTLED and each.currency == amount.currency]
    ids = {each.id for each in came}
    gone, apart = await refunds.given_back(db, user_id, ids), await refunds.lying_apart(db, user_id, ids)
    now, left, made = await clock.now(db), amount.minor, list[Refund]()
    for payment in came:
        part = 0 if payment.id in apart else min(left, payment.amount - gone.get(payment.id, 0))
        if part > 0:
            left -= part
            made.append(
                Refund(
                    user_id=user_id,
                    payment_id=payment.id,
                    cause=purpose.cause,
                    cause_id=purpose.id,
                    amount=part,
                    currency=amount.currency,
                    cashier=payment.cashier,
                    begun_at=now,
                )
            )
    if left:
        return []
    for refund in made:
        await _promise(db, refund)
    return made


async def begin_of_taking(db: Db, user_id: UUID, cause: str, taking: Taking) -> Refund:
    """A refund of all of some money, which no payment of ours was settled by; the taking is locked."""
    now = await clock.now(db)
    refund = Refund(
        user_id=user_id,
        payment_id=taking.id,
        cause=cause,
        cause_id=taking.id,
        amount=taking.amount,
        currency=taking.currency,
        cashier=taking.cashier,
        begun_at=now,
    )
    await _promise(db, refund)
    return refund


async def _promise(db: Db, refund: Refund) -> None:
    """Look after it until it is back. Where that takes too many working days the staff sees it, and the person is told, if we know them."""
    user_id, begun_at = refund.user_id, refund.begun_at
    db.add_all([refund, CashierOrderOwner(id=refund.id, user_id=user_id)])
    await _plan(db, refund, next_look(begun_at, begun_at))
    back_by = working_days.end_after(begun_at, refunds.BACK_WITHIN_DAYS)
    await deadlines.begin(db, refunds.BACK, user_id, refund.id, refund.cause_id, back_by)
    await db.flush()


async def ask(user_id: UUID, refund_id: UUID) -> None:
    """Ask the cashier to give back, or what became of it, and record what it says. Nothing changes where it is away."""
    answer = await _asked(user_id, refund_id)
    if answer is not None:
        await hear(user_id, refund_id, answer)


async def hear(user_id: UUID, refund_id: UUID, answer: RefundAnswer) -> None:
    """Record what a cashier says of a refund."""

    async def recorded(db: Db) -> None:
        await record(db, await lock(db, user_id, refund_id), answer)

    await transact(recorded)


async def hear_by_id(cashier: str, order_id: UUID | str, answer: RefundAnswer, of_reference: str = "") -> None:
    """Hear of a refund by a cashier that knows our id alone. What went back without our asking, as by a chargeback, is marked on the
    money of which it is, by the cashier's reference, and people look at it.
    """
    async with reading() as db:
        user_id = await payments.owner_of(db, order_id) if isinstance(order_id, UUID) else None
        refund = await db.get(Refund, (user_id, order_id)) if user_id else None
    if refund is None or refund.cashier != cashier:
        log.error("cashier.unknown_refund", cashier=cashier)
        if answer.status is PaymentStatus.SETTLED:
            await transact(lambda db: _mark_gone(db, cashier, of_reference))
        return
    await hear(refund.user_id, refund.id, answer)


async def hear_of_all(cashier: str, reference: str, total: Money, order_id: UUID | str) -> None:
    """Hear how much of some money went back in all, lastly by this order; more than we asked for is marked, and people look at it."""

    async def recorded(db: Db) -> None:
        last = await payments.owner_of(db, order_id) if isinstance(order_id, UUID) else None
        if (taking := await db.get(Taking, (cashier, reference))) is not None:
            asked = await refunds.asked_of(db, taking, {*await takings.owners(db, taking), *([last] if last else [])})
            if total.currency != taking.currency or total.minor > asked:
                await _mark_gone(db, cashier, reference)

    await transact(recorded)


async def record(db: Db, refund: Refund, answer: RefundAnswer) -> None:
    """Write down what the cashier says of a refund, which is locked. Said again, it changes nothing.

    Money that went back is booked whenever it is said, for it is gone; that it did not go after all, or that another amount
    did, is for people to find out.
    """
    now = await clock.now(db)
    refund.answered_at = refund.answered_at or now
    refund.reference = refund.reference or answer.reference
    if answer.is_stuck:
        refund.stuck_at = refund.stuck_at or now
    if answer.amount is not None and answer.amount != refund.money:
        await _contradict(db, refund)
        return
    match refund.status, answer.status:
        case PaymentStatus.PENDING, PaymentStatus.SETTLED:
            await _settle(db, refund, answer, now)
        case PaymentStatus.FAILED, PaymentStatus.SETTLED:
            await _contradict(db, refund)
            await _settle(db, refund, answer, now)
        case PaymentStatus.PENDING, PaymentStatus.FAILED:
            await _fail(db, refund, now)
        case PaymentStatus.SETTLED, PaymentStatus.FAILED if refund.by_hand_at is None:
            await _contradict(db, refund)
        case PaymentStatus.SETTLED, PaymentStatus.SETTLED if refund.by_hand_at is not None:
            await _contradict(db, refund)  # it went back twice


async def settle_by_hand(db: Db, refund: Refund, reference: str) -> None:
    """Book what we gave back ourselves, by a transfer of our bank; the refund is locked, and the cashier did not make it."""
    now = await clock.now(db)
    refund.reference, refund.by_hand_at = reference, now
    await _settle(db, refund, RefundAnswer(PaymentStatus.SETTLED, refund.money, at=now), now)


async def _settle(db: Db, refund: Refund, answer: RefundAnswer, now: datetime) -> None:
    refund.settled_at = max(refund.begun_at, min(answer.at or now, now))
    await LIFE.move(db, refund, PaymentStatus.SETTLED)
    await deadlines.end(db, refunds.BACK, refund.user_id, refund.id)
    await causes.cause(refund.cause).settle_refund(db, refund)


async def _fail(db: Db, refund: Refund, now: datetime) -> None:
    await LIFE.move(db, refund, PaymentStatus.FAILED)
    await deadlines.end(db, refunds.BACK, refund.user_id, refund.id)
    await causes.cause(refund.cause).fail_refund(db, refund)
    # The money may have gone back all the same, and the word of it may be lost.
    await _plan(db, refund, now + LAST_LOOK)


async def _mark_gone(db: Db, cashier: str, reference: str) -> None:
    taking = await db.get(Taking, (cashier, reference), with_for_update=True, populate_existing=True)
    if taking is not None:
        await takings.contradict(db, taking)


async def _contradict(db: Db, refund: Refund) -> None:
    """Mark the money that came, of which this went back."""
    await takings.contradict(db, await refunds.taking_of(db, refund))


@reaction(LOOK_DUE, stored_as="look_after_refund", calls_out=True)
async def look_after_refund(event: Event) -> None:
    """Ask what became of a refund until it is known; after a no once more, though we gave it back ourselves since."""
    assert event.user_id and event.subject_id, "a refund is somebody's"
    user_id, refund_id = event.user_id, event.subject_id
    async with reading() as db:
        before = await db.get_one(Refund, (user_id, refund_id))
    if before.status is PaymentStatus.SETTLED and before.by_hand_at is None:
        return
    answer = await _asked(user_id, refund_id)

    async def recorded(db: Db) -> None:
        refund = await lock(db, user_id, refund_id)
        if answer is not None:
            await record(db, refund, answer)
        if refund.status is PaymentStatus.PENDING:
            await _plan(db, refund, next_look(refund.begun_at, await clock.now(db)))

    await transact(recorded)


@reaction(stops.LIFTED, stored_as="go_on_giving_back")
async def retry_held_refunds(db: Db, event: Event) -> None:
    """What was held goes out at once."""
    if event.data["kind"] == StopKind.PAYOUTS:
        rows = await db.execute(_held.with_only_columns(Refund.user_id, Refund.id))
        await outbox.announce_all(db, LOOK_DUE, [(user_id, id) for user_id, id in rows])


async def _count_held(db: Db) -> Held:
    sums = _held.with_only_columns(Refund.currency, func.count(), func.sum(Refund.amount)).group_by(Refund.currency)
    rows = (await db.execute(sums.order_by(Refund.currency))).all()
    return Held(sum(count for _, count, _ in rows), [Money(int(amount), currency) for currency, _, amount in rows])


_held = select(Refund).where(Refund.status == PaymentStatus.PENDING, Refund.answered_at.is_(None))
stops.holders[StopKind.PAYOUTS].append(_count_held)


async def lock(db: Db, user_id: UUID, refund_id: UUID) -> Refund:
    """The refund, locked after what was paid for."""
    seen = await db.get_one(Refund, (user_id, refund_id))
    await causes.cause(seen.cause).lock(db, user_id, seen.cause_id)
    mine = select(Refund).where(Refund.user_id == user_id, Refund.id == refund_id)
    return (await db.execute(mine.with_for_update().execution_options(populate_existing=True))).scalar_one()


async def _asked(user_id: UUID, refund_id: UUID) -> RefundAnswer | None:
    async with reading() as db:
        refund = await db.get_one(Refund, (user_id, refund_id))
        order = await refunds.order_of(db, refund)
        is_stopped = await stops.is_stopped(db, StopKind.PAYOUTS)
    cashier = cashiers.cashier(refund.cashier)
    try:
        if refund.answered_at is None and not is_stopped:
            return await cashier.give_back(order)
        answer = await cashier.look_up_refund(order)
        if answer is None and refund.status is PaymentStatus.PENDING and not is_stopped:
            # What the cashier knows nothing of, it never began: it is asked anew by the same id.
            return await cashier.give_back(order)
        return answer
    except CashierAway as away:
        log.warning("cashier.away", cashier=refund.cashier, reason=away.reason, refund_id=str(refund.id))
        return None


async def _plan(db: Db, refund: Refund, at: datetime) -> None:
    await outbox.announce(db, LOOK_DUE, user_id=refund.user_id, subject_id=refund.id, due_at=at)
