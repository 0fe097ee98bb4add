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
    """Takes and gives back whatever it is asked to, at once; it draws nothing by itself."""

    async def collect(self, order: CashierOrder) -> CashierAnswer:
        paid = Paid(_reference(order.id), order.amount, datetime.now(UTC))
        return CashierAnswer(PaymentStatus.SETTLED, paid)

    async def look_up(self, order: CashierOrder) -> CashierAnswer | None:
        return await self.collect(order)

    async def close(self, order: CashierOrder) -> CashierAnswer:
        return await self.collect(order)

    async def give_back(self, refund: RefundOrder) -> RefundAnswer:
        return RefundAnswer(PaymentStatus.SETTLED, refund.amount, _reference(refund.id))

    async def look_up_refund(self, refund: RefundOrder) -> RefundAnswer | None:
        return await self.give_back(refund)

    async def sign(self, mandate: MandateOrder) -> MandateAnswer:
        return MandateAnswer(MandateStatus.ENDED)

    async def look_up_mandate(self, mandate: MandateOrder) -> MandateAnswer | None:
        return await self.sign(mandate)

    async def withdraw(self, mandate: MandateOrder) -> MandateAnswer:
        return await self.sign(mandate)


def _reference(id: UUID) -> str:
    return f"T{id.hex}"
