"""What the life of a loan is made of: its terms, what happens to it, its planned rows, and the bookings that come of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.money.conventions import LONGAN, Convention


class Amortisation(StrEnum):
    """How the principal comes back."""

    EQUAL = "EQUAL"  # equal instalments on a declining balance
    INTEREST_ONLY = "INTEREST_ONLY"  # interest each time, all of the principal with the last
    FLAT = "FLAT"  # interest on the first principal, whatever is repaid; payments never change it


@dataclass(frozen=True)
class LoanTerms:
    """What was agreed. `cap` is the most that it may cost a year, all told; None where nothing caps it. `down_payment` is due
    on the first day, as a row of its own before the `instalments`. `late_fee_rate` is the share of an instalment that is charged
    once, of what is open of it when its days of grace are over.
    """

    annual_rate: Decimal
    instalments: int
    amortisation: Amortisation = Amortisation.EQUAL
    convention: Convention = LONGAN
    cap: Decimal | None = None
    down_payment: int = 0
    late_fee_rate: Decimal = Decimal(0)


class Act(StrEnum):
    """What happens to a loan, or to a lease."""

    ADVANCE = "ADVANCE"  # money that the person gets, less what is withheld of it as a fee
    PAYMENT = "PAYMENT"  # money from the person, settled
    FEE = "FEE"
    PENALTY = "PENALTY"
    PAUSE = "PAUSE"  # no interest and no charge from `on` to `until`, both days included; what is due stays due
    DEFERRAL = "DEFERRAL"  # from `on` to `until` nothing falls due: what is to come is due `number` months later
    LOWERING = "LOWERING"  # half of the next `number` instalments is due from `on`, and as many are added in the end
    DUE_DAY = "DUE_DAY"  # what is to come is due on day `number` of the month
    WAIVER = "WAIVER"  # something owed is given up: penalties first, then fees, interest, principal
    LATE_FEE_WAIVED = "LATE_FEE_WAIVED"  # instalment `number` costs no late fee; known from `on`, the day of the fee
    DRAW_WAITED = "DRAW_WAITED"  # from the day after `on` to `until` a draw waits, by nobody's doing who owes; None: it still does
    REFUND = "REFUND"  # credit that is paid back
    MOVE_IN = "MOVE_IN"  # the first day of a lease; `amount` is the deposit that is held for it
    NOTICE = "NOTICE"  # `until` is the last day of the lease
    DEPOSIT_SETTLED = "DEPOSIT_SETTLED"  # nothing of the deposit is held any more
    RETURN = (
        "RETURN"  # of the first advance, on its day: what was given back, as if never had, and `withheld` of its fee
    )


@dataclass(frozen=True)
class LoanEvent:
    """`on` is the value date. In a DEFERRAL and a LOWERING nothing is charged up to `until`. `ref` is whatever names the cause
    to the caller; the bookings that come of it carry it.
    """

    act: Act
    on: date
    amount: int = 0
    until: date | None = None
    withheld: int = 0
    number: int = 0
    ref: str = ""


@dataclass(frozen=True)
class Parts:
    """An amount by what it is for."""

    principal: int = 0
    interest: int = 0
    fees: int = 0
    penalties: int = 0

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.fees + self.penalties

    def __iter__(self) -> Iterator[int]:
        return iter((self.principal, self.interest, self.fees, self.penalties))

    def __add__(self, other: "Parts") -> "Parts":
        return Parts(
            self.principal + other.principal,
            self.interest + other.interest,
            self.fees + other.fees,
            self.penalties + other.penalties,
        )

    def __sub__(self, other: "Parts") -> "Parts":
        return self + -other

    def __neg__(self) -> "Parts":
        return Parts(-self.principal, -self.interest, -self.fees, -self.penalties)


NOTHING = Parts()


@dataclass(frozen=True)
class PlannedRow:
    """One instalment: what is due for the days after `starts_on` up to `due_on`, without what was waived, and what is paid."""

    number: int
    starts_on: date
    due_on: date
    due: Parts
    paid: Parts = NOTHING
    settled_on: date | None = None

    @property
    def outstanding(self) -> int:
        return self.due.total - self.paid.total

    def less(self, amount: int) -> "PlannedRow":
        """The row with so much of what is outstanding given up: penalties first, then fees, interest, principal."""
        left, cut = amount, list[int]()
        for outstanding in reversed([*(self.due - self.paid)]):
            cut.append(min(left, outstanding))
            left -= cut[-1]
        return replace(self, due=self.due - Parts(*reversed(cut)))


class BookingKind(StrEnum):
    """ADVANCE, INTEREST, RENT, FEE and PENALTY add to what is owed; REPAYMENT, WAIVER and RETURN take from it; REFUND takes from
    credit.
    """

    ADVANCE = "ADVANCE"
    INTEREST = "INTEREST"
    FEE = "FEE"
    PENALTY = "PENALTY"
    REPAYMENT = "REPAYMENT"
    WAIVER = "WAIVER"
    REFUND = "REFUND"
    RETURN = "RETURN"


@dataclass(frozen=True)
class Booking:
    """One line to post, on its value date. `parts` is what it adds to what is owed (below zero: takes), `credit` what it adds
    to credit. A payment or waiver that reaches several rows is a line a row, and one more for what is left over. `number` is
    the row's; `ref` is the event's, and empty for interest that fell due.
    """

    kind: BookingKind
    on: date
    parts: Parts = NOTHING
    credit: int = 0
    number: int | None = None
    ref: str = ""
