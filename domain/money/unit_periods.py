"""Unit periods: how far apart two days are, in whole periods and a part of one (Regulation Z, Appendix J (b)(5))."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from domain.money.cap import MONTH_DAYS, months_before, unit_periods

Counted = tuple[int, Fraction]


class PeriodUnit(StrEnum):
    DAY = "day"
    WEEK = "week"
    SEMIMONTH = "semimonth"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True)
class UnitPeriod:
    """A period of so many days, weeks, half months, months or years."""

    number: int
    unit: PeriodUnit

    def between(self, start: date, until: date, day: int | None = None) -> Counted:
        """Whole periods are counted back from the later day; what is left of days comes before them. `day` is the day of the
        month that payments are due on, where the later month is too short for it.
        """
        match self.unit:
            case PeriodUnit.DAY:
                return self._of_days((until - start).days, self.number)
            case PeriodUnit.WEEK:
                return self._of_days((until - start).days, 7 * self.number)
            case PeriodUnit.YEAR:
                return self._of_years(start, until, day)
            case _:
                return self._of_months(start, until, day)

    def _of_days(self, days: int, length: int) -> Counted:
        whole, rest = divmod(days, length)
        return whole, Fraction(rest, length)

    def _of_months(self, start: date, until: date, day: int | None) -> Counted:
        length = self.number * (MONTH_DAYS // 2 if self.unit is PeriodUnit.SEMIMONTH else MONTH_DAYS)
        months, days = unit_periods(start, until, day)
        whole, rest = divmod(months * MONTH_DAYS, length)
        more, odd = divmod(rest + days, length)
        # A month may have 31 days, but what is left of one is never a whole period of its own.
        if more and self.unit is PeriodUnit.MONTH:
            more, odd = 0, rest + days
        return whole + more, Fraction(odd, length)

    def _of_years(self, start: date, until: date, day: int | None) -> Counted:
        months, days = unit_periods(start, until, day)
        whole, rest = divmod(months, 12 * self.number)
        if days == 0:
            return whole, Fraction(rest, 12 * self.number)
        left = months_before(until, 12 * self.number * whole, day)
        return whole, Fraction((left - start).days, 365 * self.number)
