"""Late fees: what an instalment costs once that is still open after its days of grace."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from domain.money.planning import LoanPlan
from domain.money.rows import Row

GRACE = timedelta(days=3)  # that much banks of China give at the least, by their convention of 2013 on cards
DAY = timedelta(days=1)
RATE_MAX = Decimal("0.05")  # of what is open, as the People's Bank had it for cards in 1999 (银发 1999, 17)

Times = tuple[date, date]  # both days included
Wait = tuple[date, date | None]  # the day before the first, and the last; None: it goes on


def charged_on(due_on: date) -> date:
    """The day on which what was due then costs a fee, before anything that is paid on it."""
    return due_on + GRACE + DAY


def is_spared(due_on: date, times: list[Times]) -> bool:
    """Whether such a time touches the day on which it was due, or its days of grace."""
    return any(first <= charged_on(due_on) and due_on <= last for first, last in times)


def has_waited(day: date, waits: Sequence[Wait]) -> bool:
    """Whether a draw waited on that day."""
    return any(before < day and (last is None or day <= last) for before, last in waits)


def late_days(due_on: date, last: date, waits: Sequence[Wait]) -> Iterator[date]:
    """The days up to the last on which what was due then is late: all after its own, but for those on which a draw waited."""
    days = (due_on + DAY * number for number in range(1, (last - due_on).days + 1))
    return (day for day in days if not has_waited(day, waits))


class Lateness:
    """The rows of a plan, each once when its days of grace are over."""

    def __init__(self, plan: LoanPlan) -> None:
        self._plan = plan
        self._seen = 0  # so many rows were looked at

    def over(self, on: date) -> Iterator[Row]:
        """The rows whose days of grace are over by that day, each answered once."""
        while self._seen < len(self._plan.rows) and charged_on(self._plan.rows[self._seen].due_on) <= on:
            self._seen += 1
            yield self._plan.rows[self._seen - 1]

    @property
    def next_on(self) -> date | None:
        """When the next row that has fallen due costs a fee, if nothing is paid of it."""
        fallen = self._plan.rows[self._seen : self._plan.open]
        return next((charged_on(row.due_on) for row in fallen if row.is_open), None)
