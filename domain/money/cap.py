"""The legal cap on what lending costs a year, all told, kept exactly: nothing is rounded before it is compared.

Twelve times the monthly internal rate of return of all that a person pays and gets lies above a cap exactly where,
discounted by a twelfth of the cap a month, more is paid than got. A month is the unit; odd days are thirtieths of one, at
simple interest (Regulation Z, Appendix J (b)(5) and (b)(8)).
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TypeVar

from domain.money.day_counts import is_month_end
from domain.money.due_dates import months_later

MONTH_DAYS = 30
NEAR = 1e-7  # of one unit a month: farther from the cap floats are sure

Number = TypeVar("Number", float, Fraction)


@dataclass(frozen=True)
class Flow:
    """What the person pays, or gets where it is below nothing, so many months and odd days after the start."""

    minor: int
    months: int
    days: int = 0


def flow(minor: int, start: date, on: date) -> Flow:
    return Flow(minor, *_since(start, on))


def costs_more(flows: Iterable[Flow], cap: Decimal) -> bool:
    """Whether all this costs more a year than the cap."""
    return _value(flows, cap) > 0


def room(flows: Iterable[Flow], cap: Decimal, start: date, on: date) -> int:
    """How much more the person may pay on that day, in whole minor units; below nothing where they have paid too much."""
    return _floor(-_value(flows, cap) * _grown(Fraction(cap) / 12, *_since(start, on)))


def room_roughly(flows: Iterable[Flow], cap: Decimal, start: date, on: date) -> tuple[float, float]:
    """The room as near as floats come, and how far off that is at most."""
    monthly, value, size = float(cap) / 12, 0.0, 0.0
    for flow in flows:
        worth = flow.minor / ((1 + monthly) ** flow.months * (1 + monthly * flow.days / MONTH_DAYS))
        value, size = value - worth, size + abs(worth)
    months, days = _since(start, on)
    grown = (1 + monthly) ** months * (1 + monthly * days / MONTH_DAYS)
    return value * grown, 1 + NEAR * size * grown


def _floor(value: Fraction) -> int:
    return value.numerator // value.denominator


def _value(flows: Iterable[Flow], cap: Decimal) -> Fraction:
    monthly = Fraction(cap) / 12
    return sum((flow.minor / _grown(monthly, flow.months, flow.days) for flow in flows), Fraction(0))


@lru_cache(maxsize=4096)
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


@lru_cache(1 << 14)
def _since(start: date, on: date) -> tuple[int, int]:
    """Where a month has no day as the first, its last is one, as it is for what falls due: February ends a month after
    30 January (Appendix J (b)(3)).
    """
    return unit_periods(start, on, start.day if is_month_end(on) else None)


def unit_periods(start: date, until: date, day: int | None = None) -> tuple[int, int]:
    """The whole months between two days, counted back from the later one, and the odd days before them (Appendix J (b)(5)).

    `day` is the day of the month that payments are due on, where the later month is too short for it.
    """
    months = (until.year - start.year) * 12 + until.month - start.month
    months -= months_before(until, months, day) < start
    return months, (months_before(until, months, day) - start).days


def months_before(until: date, months: int, day: int | None) -> date:
    before = months_later(until.replace(day=1), -months)
    due = max(day or 0, until.day)
    return before.replace(day=min(due, monthrange(before.year, before.month)[1]))
