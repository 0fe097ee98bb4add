"""What principal is out day by day, and the interest that it bears."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import pairwise

from domain.money.conventions import Convention
from domain.money.day_counts import DAY
from domain.money.legs import Leg, Legs


class Balance:
    """The principal that is really out. A change counts from its day on; days of a pause bear no interest."""

    def __init__(self, rate: Fraction, convention: Convention) -> None:
        self.rate, self.convention = rate, convention
        self.today = 0
        self._days: list[date] = []
        self._amounts: list[int] = []
        self._pauses: list[tuple[date, date]] = []

    def change(self, on: date, amount: int) -> None:
        """Changes come in the order of their days."""
        self.today += amount
        if self._days and self._days[-1] == on:
            self._amounts[-1] = self.today
        else:
            self._days.append(on)
            self._amounts.append(self.today)

    def pause(self, first: date, last: date) -> None:
        # A day bears the interest from its eve's end to its own.
        insort(self._pauses, (first - DAY, last))

    def on(self, day: date) -> int:
        place = bisect_right(self._days, day)
        return self._amounts[place - 1] if place else 0

    def interest(self, legs: Legs, until: date, known: date, later: int) -> Fraction:
        """Interest of a period's days up to `until`: on what is really out before the day `known`, from then on `later`."""
        if not self.rate:
            return Fraction(0)
        return self.rate * sum((self._borne(leg, until, known, later) for leg in legs), Fraction(0))

    def _borne(self, leg: Leg, until: date, known: date, later: int) -> Fraction:
        total, before = Fraction(0), Fraction(0)
        for day, end in self._stretches(leg.starts_on, min(until, leg.ends_on), known):
            part = leg.part(self.convention.day_count, end)
            if not self._is_paused(day):
                total += (self.on(day) if day < known else later) * (part - before)
            before = part
        return total

    def _stretches(self, start: date, until: date, known: date) -> Iterator[tuple[date, date]]:
        """From change to change."""
        if until <= start:
            return iter(())
        changes = self._days[bisect_right(self._days, start) : bisect_left(self._days, until)]
        edges = (edge for pause in self._pauses for edge in pause)
        within = {*changes, *(day for day in (*edges, known) if start < day < until)}
        return pairwise([start, *sorted(within), until])

    def _is_paused(self, day: date) -> bool:
        return any(first <= day < end for first, end in self._pauses)
