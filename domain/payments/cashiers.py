"""The port to cashiers: companies that collect money for us. Our own id of an order is the key by which nothing is done twice."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from infra.money import Money


class PaymentStatus(StrEnum):
    NEEDS_ACTION = "NEEDS_ACTION"
    PENDING = "PENDING"
    SETTLED = "SETTLED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class CashierOrder:
    """What a cashier is asked to collect. `title` is what the person reads there, and nothing of theirs. `mandate`: the cashier's
    own reference of the mandate by which it is drawn; None where the person pays.
    """

    id: UUID
    amount: Money
    title: str
    expires_at: datetime
    address: str = field(default="", repr=False)  # from where the person asks, which some cashiers want to know
    mandate: str | None = None


@dataclass(frozen=True)
class Paid:
    """Money that came in, by the cashier's own reference."""

    reference: str
    amount: Money
    at: datetime


@dataclass(frozen=True)
class CashierAnswer:
    """What a cashier says of one order: with what was paid once it is settled, with a page where the person has to act."""

    status: PaymentStatus
    paid: Paid | None = None
    page: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        assert (self.status is PaymentStatus.SETTLED) == (self.paid is not None), "what is settled was paid"


@dataclass(frozen=True)
class RefundOrder:
    """What a cashier is asked to give back of what it collected for the order `of`; where that is none of ours, or it was paid
    twice, `of_reference` alone says of what.
    """

    id: UUID
    amount: Money
    of: UUID | None
    of_amount: Money
    of_reference: str


@dataclass(frozen=True)
class RefundAnswer:
    """`status` is never NEEDS_ACTION. `amount`: of what the cashier speaks; None where it does not say. `is_stuck`: it waits until
    somebody of ours sees to it at the cashier.
    """

    status: PaymentStatus
    amount: Money | None = None
    reference: str | None = None
    at: datetime | None = None
    is_stuck: bool = False


class MandateStatus(StrEnum):
    PENDING = "PENDING"
    SIGNED = "SIGNED"
    ENDED = "ENDED"


@dataclass(frozen=True)
class MandateOrder:
    """What a cashier is asked to let the person sign. `title` is what they read there, and nothing of theirs; `address` is from where
    they ask, which some cashiers want to know. `reference` is the cashier's own name of it, once it was signed.
    """

    id: UUID
    title: str
    address: str = field(default="", repr=False)
    reference: str | None = None


@dataclass(frozen=True)
class MandateAnswer:
    """What a cashier says of one mandate: its own reference once it is signed, a page while the person has to sign, and for how
    long that is open, where that is not as long as we would wait.
    """

    status: MandateStatus
    reference: str | None = None
    page: str | None = field(default=None, repr=False)
    page_lasts: timedelta | None = None

    def __post_init__(self) -> None:
        assert (self.status is MandateStatus.SIGNED) <= (self.reference is not None), "what is signed has a reference"


@dataclass(frozen=True)
class DrawDays:
    """The first and the last day on which a cashier draws what it told the person of, once."""

    first: date
    last: date


class CashierAway(Exception):
    """Nothing was learned: it may have been done or not. `reason` is a short code for logs, without anything personal."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Cashier(Protocol):
    """Each raises CashierAway where it was not answered, or not in words that can be believed."""

    async def collect(self, order: CashierOrder) -> CashierAnswer:
        """Ask for the money. Asked again by the same id, it is the same order."""

    async def look_up(self, order: CashierOrder) -> CashierAnswer | None:
        """What became of an order; None where the cashier knows of none."""

    async def close(self, order: CashierOrder) -> CashierAnswer:
        """End an order that nobody paid: FAILED from now on, unless it was paid after all."""

    async def give_back(self, refund: RefundOrder) -> RefundAnswer:
        """Pay back. Asked again by the same id, it is the same refund."""

    async def look_up_refund(self, refund: RefundOrder) -> RefundAnswer | None:
        """What became of a refund; None where the cashier knows of none."""

    async def sign(self, mandate: MandateOrder) -> MandateAnswer:
        """Let the person sign. Asked again by the same id, it is the same mandate; ENDED where this cashier draws nothing."""

    async def look_up_mandate(self, mandate: MandateOrder) -> MandateAnswer | None:
        """Where a mandate stands; None where the cashier knows of none."""

    async def withdraw(self, mandate: MandateOrder) -> MandateAnswer:
        """Let nothing be drawn by it any more: ENDED, once the cashier itself says so."""

    @property
    def signs_once(self) -> bool:
        """Whether a person signs here once for all that they let be drawn, and can sign nothing else beside it."""
        return False

    def draws_from(self, now: datetime) -> datetime:
        """From when on it draws, and lets the person know: now, but for one that sleeps by night."""
        return now

    def draw_days(self, now: datetime) -> DrawDays | None:
        """When it draws what it tells the person of now, where it wants to tell that itself and draws nothing otherwise; None: it draws
        on any day.
        """
        return None

    async def foretell(self, reference: str, amount: Money) -> None:
        """Let the person know at the cashier what the mandate of this reference draws next, at most, where it tells that. Told again,
        it is told once.
        """
        return


_named: list[Callable[[str], Cashier]] = []
_chosen: list[Callable[[], str]] = []


def provide(named: Callable[[str], Cashier], chosen: Callable[[], str]) -> None:
    """Fill the port: any cashier by its name, and the name of the one that is asked from now on."""
    _named[:], _chosen[:] = [named], [chosen]


def cashier(name: str) -> Cashier:
    assert _named, "no cashier was provided"
    return _named[0](name)


def chosen() -> str:
    assert _chosen, "no cashier was provided"
    return _chosen[0]()
