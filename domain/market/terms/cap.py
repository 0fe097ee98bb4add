"""The legal cap on what lending costs a year, compared exactly: nothing is rounded before it is compared."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TypeVar

from infra.settings import settings

COST_CAP = Decimal("0.24")  # the most that lending may cost a year, all told (notice 2025/9)
MONTH_DAYS = 30
NEAR = 1e-7  # of one unit a month: farther from the cap floats are sure

Number = TypeVar("Number", float, Fraction)


def cost_cap() -> Decimal:
    """The most that lending may cost a year here: the law's cap, or the lower one of this house."""
    return min(COST_CAP, settings().cost_cap)


@dataclass(frozen=True)
class Flow:
    """What the person pays, or gets where it is below nothing, so many months and odd days after the start."""

    minor: int
    months: int
    days: int = 0


def costs_more(flows: Iterable[Flow], cap: Decimal) -> bool:
    """Whether twelve times the monthly internal rate of return lies above the cap: whether, discounted by the cap, more is
    paid than got. A month is the unit; odd days are thirtieths of one, at simple interest (Regulation Z, Appendix J (b)(8)).
    """
    monthly = Fraction(cap) / 12
    return sum(flow.minor / _grown(monthly, flow.months, flow.days) for flow in flows) > 0


@lru_cache(maxsize=512)
def _grown(monthly: Fraction, months: int, days: int) -> Fraction:
    return (1 + monthly) ** months * (1 + monthly * Fraction(days, MONTH_DAYS))


@lru_cache(maxsize=4096)
def terms_cost_more(annual_rate: Decimal, fee_rate: Decimal, months: int, cap: Decimal) -> bool:
    """Whether equal instalments at these rates cost more than the cap, whatever the amount and before any cent is rounded."""
    roughly = _excess(float(annual_rate), float(fee_rate), months, float(cap))
    # Thousands of products are asked about; fractions of so many digits are slow, and tell only what is near.
    if abs(roughly) > NEAR:
        return roughly > 0
    return _excess(Fraction(annual_rate), Fraction(fee_rate), months, Fraction(cap)) > 0


def _excess(annual_rate: Number, fee_rate: Number, months: int, cap: Number) -> Number:
    """How much more one unit costs each month than it may."""
    return _payment(annual_rate / 12, months) - (1 - fee_rate) * _payment(cap / 12, months)


def _payment(monthly: Number, months: int) -> Number:
    """The instalment that repays one unit."""
    return monthly / (1 - (1 + monthly) ** -months) if monthly else (1 + monthly) / months


def unit_periods(start: date, until: date) -> tuple[int, int]:
    """The whole months between two days, counted back from the later one, and the odd days before them (Appendix J (b)(5))."""
    months = (until.year - start.year) * 12 + until.month - start.month
    months -= _months_before(until, months) < start
    return months, (_months_before(until, months) - start).days


def _months_before(day: date, months: int) -> date:
    """This day `months` earlier, or the last of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)
    return last.replace(day=min(day.day, last.day))
