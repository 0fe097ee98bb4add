"""After the term: what is still owed then goes on bearing interest, in the periods that would have followed."""

from collections.abc import Iterator
from datetime import date

from domain.money.balances import Balance
from domain.money.conventions import LoanPart
from domain.money.due_dates import Calendar
from domain.money.legs import regular
from domain.money.rounding import nearest
from domain.money.rows import Row


class AfterTerm:
    """An interest that charges the last row, from that row's day on; `number` is that of its day."""

    def __init__(self, calendar: Calendar, number: int, balance: Balance, last: Row) -> None:
        self._calendar, self._number, self._balance, self._last = calendar, number + 1, balance, last
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

    @property
    def ends_on(self) -> date:
        """The end of the period that is running."""
        return self._ends_on

    def interest(self, on: date) -> int:
        """What the last row bears up to that day that is not charged to it yet."""
        until = min(on, self._ends_on)
        legs = regular(self._starts_on, self._ends_on, self._calendar.convention)
        exact = self._balance.interest(legs, until, known=until, later=0)
        return nearest(exact, self._calendar.convention.rounding) - self._charged

    def charge(self, on: date) -> None:
        interest = self.interest(on)
        self._charged += interest
        self._last.due[LoanPart.INTEREST] += interest

    def _end(self) -> date:
        return self._calendar.date(self._number)
