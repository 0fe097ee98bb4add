"""The sandbox cashier behind the port. Its answers are made of its own tables, so it says the same after a restart."""

from uuid import UUID

from sqlalchemy import func, select, text

from domain.payments.cashiers import (
    Cashier,
    CashierAnswer,
    CashierOrder,
    MandateAnswer,
    MandateOrder,
    Paid,
    PaymentStatus,
    RefundAnswer,
    RefundOrder,
)
from infra import clock
from infra.database import Db, transact
from infra.money import Money
from infra.outbox import Event
from infra.pruning import PRUNE
from infra.reactions import reaction
from integrations.cashier.sandbox import mandates, orders, speaking
from integrations.cashier.sandbox.orders import SandboxKind, SandboxMode, SandboxOrder, page_for

NAME = "sandbox"


class SandboxCashier(Cashier):
    async def collect(self, order: CashierOrder) -> CashierAnswer:
        return await transact(lambda db: _collect(db, order))

    async def look_up(self, order: CashierOrder) -> CashierAnswer | None:
        async def looked_up(db: Db) -> CashierAnswer | None:
            found = await orders.order(db, order.id)
            return answer_of(found) if found else None

        return await transact(looked_up)

    async def close(self, order: CashierOrder) -> CashierAnswer:
        async def closed(db: Db) -> CashierAnswer:
            found = await orders.order(db, order.id)
            if found is None:
                return CashierAnswer(PaymentStatus.FAILED)
            if found.status is PaymentStatus.NEEDS_ACTION:
                found.status = PaymentStatus.FAILED
            return answer_of(found)

        return await transact(closed)

    async def give_back(self, refund: RefundOrder) -> RefundAnswer:
        return await transact(lambda db: _give_back(db, refund))

    async def look_up_refund(self, refund: RefundOrder) -> RefundAnswer | None:
        async def looked_up(db: Db) -> RefundAnswer | None:
            found = await orders.order(db, refund.id)
            return _refund_answer(found) if found else None

        return await transact(looked_up)

    async def sign(self, mandate: MandateOrder) -> MandateAnswer:
        return await transact(lambda db: mandates.sign(db, mandate))

    async def look_up_mandate(self, mandate: MandateOrder) -> MandateAnswer | None:
        return await transact(lambda db: mandates.look_up(db, mandate.id))

    async def withdraw(self, mandate: MandateOrder) -> MandateAnswer:
        return await transact(lambda db: mandates.withdraw(db, mandate.id))


async def press(db: Db, id: UUID, is_paid: bool) -> SandboxOrder | None:
    """What a person does on the page of an order. One that is over, or waits for nobody, stays as it is; but who has signed a
    mandate can end it there.
    """
    found = await orders.order(db, id)
    if found is not None and found.kind is SandboxKind.MANDATE and not is_paid:
        found.status = PaymentStatus.FAILED
        return found
    if found is None or found.status is not PaymentStatus.NEEDS_ACTION:
        return found
    now = await clock.now(db)
    if not is_paid or (found.expires_at is not None and found.expires_at <= now):
        found.status = PaymentStatus.FAILED
    else:
        orders.settle(found, now)
    return found


def answer_of(order: SandboxOrder) -> CashierAnswer:
    if order.status is PaymentStatus.SETTLED:
        assert order.settled_at is not None
        paid = Paid(_reference(order.id), Money(order.amount, order.currency), order.settled_at)
        return CashierAnswer(PaymentStatus.SETTLED, paid)
    return CashierAnswer(order.status, page=page_for(order) if order.status is PaymentStatus.NEEDS_ACTION else None)


@reaction(PRUNE, stored_as="prune_sandbox_orders")
async def prune_sandbox_orders(db: Db, event: Event) -> None:
    await orders.prune(db)


async def _collect(db: Db, asked: CashierOrder) -> CashierAnswer:
    # Two that ask for the same order at once make one of it.
    await db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))"), {"id": str(asked.id)})
    found = await orders.order(db, asked.id)
    if found is None:
        found = SandboxOrder(
            id=asked.id,
            kind=SandboxKind.PAYMENT,
            mode=await _way(db, asked),
            amount=asked.amount.minor,
            currency=asked.amount.currency,
            title=asked.title,
            asked_at=await clock.now(db),
            expires_at=asked.expires_at,
        )
        await orders.begin(db, found)
        await speaking.plan(db, found)
    return answer_of(found)


async def _way(db: Db, asked: CashierOrder) -> SandboxMode:
    """As it was told; but nothing is drawn by a mandate that is not signed, or is over."""
    mode = await orders.take_turn(db)
    if asked.mandate is None:
        return mode
    # Whom it draws from is not asked, so nobody has anything to open.
    is_signed = await mandates.is_signed(db, asked.mandate)
    return mode if is_signed and mode is not SandboxMode.ACTION else SandboxMode.FAIL


async def _give_back(db: Db, asked: RefundOrder) -> RefundAnswer:
    of = asked.of or _order_named(asked.of_reference)
    paid = await orders.order(db, of) if of else None
    found = await orders.order(db, asked.id)
    if found is None:
        gone = select(func.coalesce(func.sum(SandboxOrder.amount), 0))
        gone = gone.where(SandboxOrder.of == of, SandboxOrder.status == PaymentStatus.SETTLED)
        left = paid.amount - (await db.execute(gone)).scalar_one() if paid is not None and paid.settled_at else 0
        is_covered = paid is not None and paid.currency == asked.amount.currency and asked.amount.minor <= left
        found = SandboxOrder(
            id=asked.id,
            kind=SandboxKind.REFUND,
            mode=SandboxMode.SETTLE if is_covered else SandboxMode.FAIL,
            amount=asked.amount.minor,
            currency=asked.amount.currency,
            title="",
            asked_at=await clock.now(db),
            of=of,
        )
        await orders.begin(db, found)
    return _refund_answer(found)


def _refund_answer(order: SandboxOrder) -> RefundAnswer:
    amount = Money(order.amount, order.currency)
    return RefundAnswer(order.status, amount, _reference(order.id), order.settled_at)


def _reference(id: UUID) -> str:
    return f"S{id.hex}"


def _order_named(reference: str) -> UUID | None:
    try:
        return UUID(reference.removeprefix("S"))
    except ValueError:
        return None
