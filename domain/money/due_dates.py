"""Due dates: counted from the start each time, so that the 31st comes back after a shorter month."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from domain.money.conventions import Convention, MonthEnd, Unit


@dataclass(frozen=True)
class Calendar:
    """Due dates by number; 0 is the start. `day` is the day of the month, where it is another than the start's."""

    start: date
    convention: Convention
    day: int | None = None

    def date(self, number: int) -> date:
        """Raises OverflowError past the end of the calendar."""
        return due_date(self.start, number, self.convention, self.day)

    @property
    def due_day(self) -> int:
        return self.day or self.start.day

    def later(self, months: int) -> "Calendar":
        return Calendar(months_later(self.start.replace(day=1), months), self.convention, self.due_day)

    def from_day(self, day: int, number: int) -> "Calendar":
        """The calendar with another day of the month. The date of this number moves to the first such day that is not before it."""
        for months in (0, 1):
            moved = Calendar(self.start.replace(day=1), self.convention, day).later(months)
            if moved.date(number) >= self.date(number):
                return moved
        raise AssertionError("a month has each day, or its last")


def due_dates(start: date, number: int, convention: Convention) -> tuple[date, ...]:
    return tuple(due_date(start, each, convention) for each in range(1, number + 1))


def due_date(start: date, number: int, convention: Convention, day: int | None = None) -> date:
    """The `number`th; 0 is the start itself. Raises OverflowError past the end of the calendar."""
    steps = number * convention.every
    match convention.unit:
        case Unit.DAYS:
            return start + timedelta(days=steps)
        case Unit.WEEKS:
            return start + timedelta(weeks=steps)
        case Unit.MONTHS:
            return months_later(start, steps, convention.month_end, day)


@lru_cache(1 << 14)  # who works out many loans of one day asks for the same few dates
def months_later(start: date, months: int, month_end: MonthEnd = MonthEnd.LAST_DAY, day: int | None = None) -> date:
    """The date in another month, on its own day or `day`; it may lie before. A month without it has its last day or the next's first."""
    day = day or start.day
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError("outside the calendar")
    last = monthrange(year, month + 1)[1]
    if day <= last:
        return date(year, month + 1, day)
    end = date(year, month + 1, last)
    return end if month_end is MonthEnd.LAST_DAY else end + timedelta(days=1)
