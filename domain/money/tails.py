"""The tail of a loan: what is still owed after its last due day goes on bearing interest, in the periods that would have come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from domain.money.conventions import LoanPart
from domain.money.due_dates import due_date

if TYPE_CHECKING:
    from domain.money.planning import Plan


class Tail:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._number = 1
        self._starts_on = plan.last.due_on
        self._ends_on = self._end()
        self._charged = 0  # of the period that is running

    def fall_due(self, on: date) -> Iterator[date]:
        """The ends of periods up to that day, each once its interest is charged."""
        while self.bears_interest and self._ends_on <= on:
            day = self._ends_on
            self.charge(day)
            self._number += 1
            self._starts_on, self._ends_on, self._charged = day, self._end(), 0
            yield day

    @property
    def bears_interest(self) -> bool:
        plan = self._plan
        return plan.is_over and plan.convention.after_term and not plan.is_fixed and bool(plan.balance.rate)

    def interest(self, on: date) -> int:
        """What the last row bears that is not charged to it yet."""
        if not self.bears_interest:
            return 0
        until = min(on, self._ends_on)
        exact = self._plan.balance.interest(self._starts_on, self._ends_on, until, known=until, later=0)
        return self._plan.rounded(exact) - self._charged

    def charge(self, on: date) -> None:
        interest = self.interest(on)
        self._charged += interest
        self._plan.last.due[LoanPart.INTEREST] += interest

    def _end(self) -> date:
        return due_date(self._plan.start, self._plan.terms.instalments + self._number, self._plan.convention)
