"""Points and grades: the log-odds scale on which a probability of default becomes a score.

`points = 750 + 40 / ln 2 * (ln odds_of_good - ln 50)`: 50 good to 1 bad is 750, and every 40 points double the odds.
A score is shown in whole points, so the grade and the shown probability are both derived from those whole points.
All three then always agree: the point cuts follow once from the cuts by probability.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

LOWEST, HIGHEST = 350, 950
ANCHOR_POINTS, ANCHOR_ODDS = 750, 50
POINTS_PER_LOG_ODDS = 40 / math.log(2)

Grade = Literal["A", "B", "C", "D"]
GRADES: tuple[Grade, ...] = ("A", "B", "C", "D")


@dataclass(frozen=True)
class Cuts:
    """The highest probability of default of the grades A, B and C; all above is D."""

    a: float = 0.02
    b: float = 0.06
    c: float = 0.20

    def __post_init__(self) -> None:
        if not 0 < self.a < self.b < self.c < 1:
            raise ValueError(f"Cuts must rise between 0 and 1, not {self.a}, {self.b}, {self.c}.")

    @cached_property
    def points(self) -> tuple[int, int, int]:
        """The fewest whole points of the grades A, B and C."""
        a, b, c = (math.ceil(points_of(math.log(pd / (1 - pd)))) for pd in (self.a, self.b, self.c))
        return a, b, c

    def grade(self, points: int) -> Grade:
        """The grade of whole points."""
        for grade, fewest in zip(GRADES, self.points, strict=False):
            if points >= fewest:
                return grade
        return "D"


def points_of(log_odds: float) -> float:
    """Exact points, neither rounded nor clamped, of calibrated log-odds of BAD."""
    return ANCHOR_POINTS - POINTS_PER_LOG_ODDS * (log_odds + math.log(ANCHOR_ODDS))


def on_scale(points: int) -> int:
    """The points that a person sees, from 350 to 950."""
    return min(max(points, LOWEST), HIGHEST)


def pd_of(points: float) -> float:
    """The probability of default that goes with points; strictly falling."""
    return 1 / (1 + ANCHOR_ODDS * 2 ** ((points - ANCHOR_POINTS) / 40))
