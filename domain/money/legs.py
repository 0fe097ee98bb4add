"""Legs: what a period is made of; within a leg each day counts alike. A regular period is one leg."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from domain.money.cap import months_before, unit_periods
from domain.money.conventions import Convention, DayCount, Unit
from domain.money.day_counts import is_month_end, of_period


@dataclass(frozen=True)
class Leg:
    """A number of units, from one day to another."""

    starts_on: date
    ends_on: date
    every: int
    unit: Unit

    def part(self, count: DayCount, until: date) -> Fraction:
        """The part of a year from its start to a day of it."""
        return of_period(count, self.starts_on, self.ends_on, until, self.every, self.unit)


Legs = tuple[Leg, ...]


def regular(starts_on: date, ends_on: date, convention: Convention) -> Legs:
    return (Leg(starts_on, ends_on, convention.every, convention.unit),)


def odd(starts_on: date, ends_on: date, day: int) -> Legs:
    """Whole months are counted back from the end, by the day of the month; the odd days before them are thirtieths of one."""
    stands_in = day if is_month_end(ends_on) else None
    months, days = unit_periods(starts_on, ends_on, stands_in)
    first = starts_on + timedelta(days=days)
    edges = [first, *(months_before(ends_on, left, stands_in) for left in reversed(range(months)))]
    whole = tuple(Leg(start, end, 1, Unit.MONTHS) for start, end in pairwise(edges))
    return (Leg(starts_on, first, days, Unit.DAYS), *whole) if days else whole
