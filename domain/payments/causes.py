"""Causes: what money is paid for. Each says here what follows when it has come, failed, or was given back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from infra.database import Db

if TYPE_CHECKING:
    from domain.payments.payments import Payment
    from domain.payments.refunds import Refund


@dataclass(frozen=True)
class PaidFor:
    """What a payment is for, and the thing that it is for."""

    cause: str
    id: UUID


class PaymentCause(Protocol):
    """All of it runs in the transaction that records what the cashier said, and after `lock`."""

    @property
    def title(self) -> str:
        """What the person reads at the cashier: a msgid."""

    async def lock(self, db: Db, user_id: UUID, id: UUID) -> None:
        """Lock what is paid for, before the payment itself is locked."""

    async def settle(self, db: Db, payment: "Payment") -> bool:
        """Book the money. False: there is nothing any more that it could be for."""

    async def is_wanted(self, db: Db, payment: "Payment") -> bool:
        """Whether what a mandate is about to draw is still owed."""

    async def fail(self, db: Db, payment: "Payment") -> None:
        """Take note that no money comes."""

    async def settle_refund(self, db: Db, refund: "Refund") -> None:
        """Book that the money is back with the person; also after `fail_refund`, where a cashier contradicts itself."""

    async def is_owed_back(self, db: Db, refund: "Refund") -> bool:
        """Whether so much is still with us that failed to go back."""

    async def fail_refund(self, db: Db, refund: "Refund") -> None:
        """Take back what was booked when the refund began."""


_causes: dict[str, PaymentCause] = {}


def register(name: str, cause: PaymentCause) -> str:
    """Let money be paid for this. Rows name it, so that stays when the class is renamed. Answers the name."""
    assert name not in _causes, f"two causes are called {name}"
    _causes[name] = cause
    return name


def cause(name: str) -> PaymentCause:
    return _causes[name]
