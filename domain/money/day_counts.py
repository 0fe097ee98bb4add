"""Day counts: what part of a year lies between two days, exactly (ISDA 2006, section 4.16)."""

from calendar import isleap, monthrange
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache

from domain.money.conventions import DayCount, Unit

DAY = timedelta(days=1)


def year_fraction(count: DayCount, start: date, end: date, termination: date | None = None) -> Fraction:
    """From `start` to `end`. Raises KeyError for a day count that is of periods only; see `of_period`."""
    if count is DayCount.THIRTY_E_360_ISDA:
        return Fraction(days_30e_360_isda(start, end, termination), 360)
    return _COUNTS[count](start, end)


def days_between(count: DayCount, start: date, end: date, termination: date | None = None) -> int:
    """The days that this count sees, where its year has 360 days: the numerator."""
    if count in (DayCount.THIRTY_360, DayCount.THIRTY_E_360, DayCount.THIRTY_E_360_ISDA):
        return int(360 * year_fraction(count, start, end, termination))
    return (end - start).days


@lru_cache(maxsize=16_384)
def of_period(count: DayCount, start: date, end: date, until: date, every: int, unit: Unit) -> Fraction:
    """The part of a year from `start` to `until`, within a period of `every` units that ends on `end`."""
    days, whole = (until - start).days, (end - start).days
    match count:
        case DayCount.PERIOD_30_360 | DayCount.ANY:
            return Fraction(every * days, 12 * whole) if unit is Unit.MONTHS else Fraction(days, 360)
        case DayCount.ACT_ACT_FEB29:
            return Fraction(days, 366 if _holds_leap_day(start, end) else 365)
        case DayCount.THIRTY_E_360_ISDA:
            return year_fraction(count, start, until)
        case _:
            return _COUNTS[count](start, until)


def days_30_360(start: date, end: date) -> int:
    """30/360, bond basis: a 31st at the end is the 30th where the start is one too."""
    first = min(start.day, 30)
    last = 30 if end.day == 31 and first == 30 else end.day
    return _days_of_360(start, first, end, last)


def days_30e_360(start: date, end: date) -> int:
    return _days_of_360(start, min(start.day, 30), end, min(end.day, 30))


def days_30e_360_isda(start: date, end: date, termination: date | None) -> int:
    """30E/360 (ISDA): the last day of any month is the 30th, but the termination date in February stays what it is."""
    first = 30 if is_month_end(start) else start.day
    stays = end == termination and end.month == 2
    last = 30 if is_month_end(end) and not stays else end.day
    return _days_of_360(start, first, end, last)


def _days_of_360(start: date, first: int, end: date, last: int) -> int:
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first


def is_month_end(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]


def _by_years(start: date, end: date) -> Fraction:
    """Each day over the length of its own year; `start` counts, `end` does not."""
    if start.year == end.year:
        return Fraction((end - start).days, _length(start.year))
    head = Fraction((date(start.year + 1, 1, 1) - start).days, _length(start.year))
    tail = Fraction((end - date(end.year, 1, 1)).days, _length(end.year))
    return head + (end.year - start.year - 1) + tail


def _by_years_to_the_end(start: date, end: date) -> Fraction:
    """As above, but `end` counts and `start` does not."""
    if start == end:
        return Fraction(0)
    if start.year == end.year:
        return Fraction((end - start).days, _length(start.year))
    head = Fraction((date(start.year, 12, 31) - start).days, _length(start.year))
    tail = Fraction((end - date(end.year - 1, 12, 31)).days, _length(end.year))
    return head + (end.year - start.year - 1) + tail


def _length(year: int) -> int:
    return 366 if isleap(year) else 365


def _holds_leap_day(start: date, end: date) -> bool:
    """Whether a 29 February lies after `start`, up to `end`."""
    leaps = (date(year, 2, 29) for year in range(start.year, end.year + 1) if isleap(year))
    return any(start < leap <= end for leap in leaps)


_COUNTS: dict[DayCount, Callable[[date, date], Fraction]] = {
    DayCount.THIRTY_360: lambda start, end: Fraction(days_30_360(start, end), 360),
    DayCount.THIRTY_E_360: lambda start, end: Fraction(days_30e_360(start, end), 360),
    DayCount.ACT_365: lambda start, end: Fraction((end - start).days, 365),
    DayCount.ACT_360: lambda start, end: Fraction((end - start).days, 360),
    DayCount.ACT_ACT_ISDA: _by_years,
    DayCount.ACT_ACT_JAN1: _by_years,
    DayCount.ACT_ACT_DEC31: _by_years_to_the_end,
}
