"""A row while a life is replayed: what it is to take, what is booked and paid of it."""

from dataclasses import dataclass, field
from datetime import date

from domain.money.conventions import LoanPart
from domain.money.legs import Legs
from domain.money.loans import Parts, PlannedRow

Amounts = dict[LoanPart, int]


PARTS = tuple(LoanPart)
_NONE: Amounts = dict.fromkeys(PARTS, 0)


def no_amounts() -> Amounts:
    return _NONE.copy()


def parts(amounts: Amounts) -> Parts:
    return Parts(
        amounts[LoanPart.PRINCIPAL], amounts[LoanPart.INTEREST], amounts[LoanPart.FEE], amounts[LoanPart.PENALTY]
    )


@dataclass
class Row:
    """`level` is what it is to take, principal and interest together; `is_lowered` where that is less than usual. `due` holds
    its charges, and once it has fallen due, or where payments change nothing, its principal and interest too. `early` is the
    interest it was closed with before its day; `again` is what it had borne when all was paid off and it was opened again.
    """

    number: int
    starts_on: date
    due_on: date
    legs: Legs = ()
    level: int = 0
    is_lowered: bool = False
    due: Amounts = field(default_factory=no_amounts)
    paid: Amounts = field(default_factory=no_amounts)
    waived: Amounts = field(default_factory=no_amounts)
    early: int | None = None
    again: int = 0
    booked: int = 0
    settled_on: date | None = None

    @property
    def is_open(self) -> bool:
        """Whether something is not paid of what has fallen due."""
        return self.due != self.paid

    def take(self, amounts: Amounts, *, is_waived: bool) -> None:
        for part, amount in amounts.items():
            self.paid[part] += amount
            self.waived[part] += amount if is_waived else 0

    def planned(self, principal: int, interest: int) -> PlannedRow:
        whole = Parts(principal, interest, self.due[LoanPart.FEE], self.due[LoanPart.PENALTY])
        waived = parts(self.waived)
        return PlannedRow(
            number=self.number,
            starts_on=self.starts_on,
            due_on=self.due_on,
            due=whole - waived,
            paid=parts(self.paid) - waived,
            settled_on=self.settled_on,
        )
