"""Booked: what was booked of an agreement in a while, with what was owed before and after; worked out, and never stored."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from domain.agreements import statements
from domain.agreements.movements import Movement, MovementKind
from domain.agreements.standings import AgreementStanding
from domain.agreements.statements import StatementLine
from infra import clock


@dataclass(frozen=True)
class Booked:
    """Amounts are of what is owed less credit, in minor units; `lines` are the oldest first.

    A line belongs to the year in which it was booked. What was booked stays, so a year that is over never reads otherwise.
    """

    before: int
    lines: Sequence[StatementLine]

    @classmethod
    def in_year(cls, standing: AgreementStanding, year: int) -> "Booked":
        before = sum(each.amount for each in standing.movements if _year(each) < year)
        booked = [each for each in standing.movements if _year(each) == year]
        return cls(before, [*reversed(statements.describe(standing, booked))])

    @classmethod
    def in_all(cls, standing: AgreementStanding) -> "Booked":
        return cls(0, [*reversed(statements.describe(standing, standing.movements))])

    @cached_property
    def totals(self) -> Mapping[MovementKind, int]:
        """The sum of the lines of each kind, in the order of the kinds."""
        sums = Counter[MovementKind]()
        for line in self.lines:
            sums[line.kind] += line.amount
        return {kind: sums[kind] for kind in MovementKind if kind in sums}

    @property
    def after(self) -> int:
        return self.before + sum(line.amount for line in self.lines)

    @property
    def is_told(self) -> bool:
        """Whether there is anything to tell of it."""
        return bool(self.before or self.lines)


def _year(movement: Movement) -> int:
    return clock.local_day(movement.posted_at).year
