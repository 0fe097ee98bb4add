"""After the term: what is still owed then goes on bearing interest, in the periods that would have followed."""

from collections.abc import Iterator
from datetime import date

from domain.money.balances import Balance
from domain.money.conventions import LoanPart
from domain.money.due_dates import due_date
from domain.money.loans import LoanTerms
from domain.money.rounding import nearest
from domain.money.rows import Row


class AfterTerm:
    """It charges the last row, from that row's day on."""

    def __init__(self, terms: LoanTerms, balance: Balance, last: Row, start: date) -> None:
        self._terms, self._balance, self._last, self._start = terms, balance, last, start
        self._number = 1
        self._starts_on, self._ends_on = last.due_on, self._end()
        self._charged = 0  # of the period that is running

    def fall_due(self, on: date) -> Iterator[date]:
        """The ends of periods up to that day, each once its interest is charged."""
        while self._ends_on <= on:
            day = self._ends_on
            self.charge(day)
            self._number += 1
            self._starts_on, self._ends_on, self._charged = day, self._end(), 0
            yield day

    def interest(self, on: date) -> int:
        """What the last row bears up to that day that is not charged to it yet."""
        until = min(on, self._ends_on)
        exact = self._balance.interest(self._starts_on, self._ends_on, until, known=until, later=0)
        return nearest(exact, self._terms.convention.rounding) - self._charged

    def charge(self, on: date) -> None:
        interest = self.interest(on)
        self._charged += interest
        self._last.due[LoanPart.INTEREST] += interest

    def _end(self) -> date:
        return due_date(self._start, self._terms.instalments + self._number, self._terms.convention)
