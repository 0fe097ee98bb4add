"""A cashier that says what a test wrote for it, and a cause that remembers what followed."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from domain.payments import cashiers, causes
from domain.payments.cashiers import (
    CashierAnswer,
    CashierAway,
    CashierOrder,
    DrawDays,
    MandateAnswer,
    MandateOrder,
    Paid,
    PaymentStatus,
    RefundAnswer,
    RefundOrder,
)
from domain.payments.payments import Payment
from domain.payments.refunds import Refund
from infra import clock
from infra.database import Db
from infra.money import Money

T = TypeVar("T")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NEEDS_ACTION = CashierAnswer(PaymentStatus.NEEDS_ACTION, page="https://cashier.example/pay?order=1")
PENDING, FAILED = CashierAnswer(PaymentStatus.PENDING), CashierAnswer(PaymentStatus.FAILED)


def paid(minor: int = 10_000, reference: str = "R1", currency: str = "CNY", at: datetime = LONG_AGO) -> CashierAnswer:
    return CashierAnswer(PaymentStatus.SETTLED, Paid(reference, Money(minor, currency), at))


@dataclass
class ScriptedCashier:
    """Each answer is given once, in order; the last stays. None for `look_up` is an unknown order, CashierAway a dead line."""

    collects: list[CashierAnswer | CashierAway] = field(default_factory=list)
    looks: list[CashierAnswer | CashierAway | None] = field(default_factory=list)
    closes: list[CashierAnswer | CashierAway] = field(default_factory=list)
    refunds: list[RefundAnswer | CashierAway] = field(default_factory=list)
    refund_looks: list[RefundAnswer | CashierAway | None] = field(default_factory=list)
    signs: list[MandateAnswer | CashierAway] = field(default_factory=list)
    mandate_looks: list[MandateAnswer | CashierAway | None] = field(default_factory=list)
    withdraws: list[MandateAnswer | CashierAway] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    orders: list[CashierOrder] = field(default_factory=list)
    foretells: list[CashierAway | None] = field(default_factory=lambda: [None])
    foretold: list[tuple[str, Money]] = field(default_factory=list)
    signs_once: bool = False
    waits: timedelta | None = None  # between what it tells and what it draws; None: it tells nothing
    signed: list[MandateOrder] = field(default_factory=list)

    async def collect(self, order: CashierOrder) -> CashierAnswer:
        self.orders.append(order)
        return self._next("collect", self.collects)

    async def look_up(self, order: CashierOrder) -> CashierAnswer | None:
        return self._next("look_up", self.looks)

    async def close(self, order: CashierOrder) -> CashierAnswer:
        return self._next("close", self.closes)

    async def give_back(self, refund: RefundOrder) -> RefundAnswer:
        return self._next("give_back", self.refunds)

    async def look_up_refund(self, refund: RefundOrder) -> RefundAnswer | None:
        return self._next("look_up_refund", self.refund_looks)

    async def sign(self, mandate: MandateOrder) -> MandateAnswer:
        self.signed.append(mandate)
        return self._next("sign", self.signs)

    async def look_up_mandate(self, mandate: MandateOrder) -> MandateAnswer | None:
        return self._next("look_up_mandate", self.mandate_looks)

    async def withdraw(self, mandate: MandateOrder) -> MandateAnswer:
        return self._next("withdraw", self.withdraws)

    def draws_from(self, now: datetime) -> datetime:
        return now

    def draw_days(self, now: datetime) -> DrawDays | None:
        first = clock.local_day(now) + (self.waits or timedelta(0))
        return DrawDays(first, first + timedelta(days=6)) if self.waits is not None else None

    async def foretell(self, reference: str, amount: Money) -> None:
        answer = self.foretells.pop(0) if len(self.foretells) > 1 else self.foretells[0]
        if answer is not None:
            raise answer
        self.foretold.append((reference, amount))

    def _next(self, name: str, answers: list[T | CashierAway]) -> T:
        self.asked.append(name)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, CashierAway):
            raise answer
        return answer


@dataclass
class Remembering:
    """`takes`: whether there is still something that the money could be for."""

    title: str = "Repayment"
    takes: bool = True
    happened: list[tuple[str, UUID]] = field(default_factory=list)

    async def lock(self, db: Db, user_id: UUID, id: UUID) -> None:
        pass

    async def settle(self, db: Db, payment: Payment) -> bool:
        assert payment.settled_at is not None and payment.settled_at >= payment.begun_at
        self.happened.append(("settled", payment.id))
        return self.takes

    async def is_wanted(self, db: Db, payment: Payment) -> bool:
        return self.takes

    async def fail(self, db: Db, payment: Payment) -> None:
        self.happened.append(("failed", payment.id))

    async def settle_refund(self, db: Db, refund: Refund) -> None:
        self.happened.append(("refunded", refund.id))

    async def is_owed_back(self, db: Db, refund: Refund) -> bool:
        return self.takes

    async def fail_refund(self, db: Db, refund: Refund) -> None:
        self.happened.append(("not refunded", refund.id))


CAUSE = Remembering()
causes.register("test", CAUSE)


@contextmanager
def answered_by(cashier: ScriptedCashier) -> Iterator[ScriptedCashier]:
    """The house's cashier, for a while, is this one."""
    before = cashiers._named[:], cashiers._chosen[:]
    cashiers.provide(lambda name: cashier, lambda: "scripted")
    CAUSE.happened.clear()
    CAUSE.takes = True
    try:
        yield cashier
    finally:
        cashiers._named[:], cashiers._chosen[:] = before


@asynccontextmanager
async def cashier_says(**script: Any) -> AsyncIterator[ScriptedCashier]:
    """The house's cashier, for a while, is one that says this."""
    with answered_by(ScriptedCashier(**script)) as scripted:
        yield scripted
