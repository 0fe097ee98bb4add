"""Due dates: counted from the start each time, so that the 31st comes back after a shorter month."""

from calendar import monthrange
from datetime import date, timedelta

from domain.money.conventions import Convention, MonthEnd, Unit


def due_dates(start: date, number: int, convention: Convention) -> tuple[date, ...]:
    return tuple(due_date(start, each, convention) for each in range(1, number + 1))


def due_date(start: date, number: int, convention: Convention) -> date:
    """The `number`th; 0 is the start itself. Raises OverflowError past the end of the calendar."""
    steps = number * convention.every
    match convention.unit:
        case Unit.DAYS:
            return start + timedelta(days=steps)
        case Unit.WEEKS:
            return start + timedelta(weeks=steps)
        case Unit.MONTHS:
            return months_later(start, steps, convention.month_end)


def months_later(start: date, months: int, month_end: MonthEnd = MonthEnd.LAST_DAY) -> date:
    """The same day of another month, which may lie before; where that month has none, its last day or the next one's first."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError("outside the calendar")
    last = monthrange(year, month + 1)[1]
    if start.day <= last:
        return date(year, month + 1, start.day)
    end = date(year, month + 1, last)
    return end if month_end is MonthEnd.LAST_DAY else end + timedelta(days=1)
