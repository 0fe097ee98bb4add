"""The cashier of simulated people: it has all their money, and nobody asks another one for any of it."""

from datetime import UTC, datetime
from uuid import UUID

from domain.payments import paying
from domain.payments.cashiers import (
    Cashier,
    CashierAnswer,
    CashierOrder,
    MandateAnswer,
    MandateOrder,
    MandateStatus,
    Paid,
    PaymentStatus,
    RefundAnswer,
    RefundOrder,
)
from domain.payments.payments import Payment
from infra import clock
from infra.database import Db

NAME = "simulated"


async def settle(db: Db, payment: Payment) -> None:
    """The money of a payment that was begun in this transaction is here; no other cashier has heard of it, or will."""
    payment.cashier = NAME
    paid = Paid(_reference(payment.id), payment.money, await clock.now(db))
    await paying.record(db, payment, CashierAnswer(PaymentStatus.SETTLED, paid))


class SimulatedCashier(Cashier):
    """Takes and gives back whatever it is asked to, at once, and says the same whenever it is asked; nobody signs anything there."""

    async def collect(self, order: CashierOrder) -> CashierAnswer:
        paid = Paid(_reference(order.id), order.amount, datetime.now(UTC))
        return CashierAnswer(PaymentStatus.SETTLED, paid)

    look_up = close = collect

    async def give_back(self, refund: RefundOrder) -> RefundAnswer:
        return RefundAnswer(PaymentStatus.SETTLED, refund.amount, _reference(refund.id))

    look_up_refund = give_back

    async def sign(self, mandate: MandateOrder) -> MandateAnswer:
        return MandateAnswer(MandateStatus.ENDED)

    look_up_mandate = withdraw = sign


def _reference(id: UUID) -> str:
    return f"T{id.hex}"
