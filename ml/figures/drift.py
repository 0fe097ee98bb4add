"""Whether the people of today are those of training, and whether the model still says the truth about them."""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

Z = 1.96  # 95 %
# The usual reading of a population stability index: below the first fine, above the second stop.
LOOK_FROM, STOP_FROM = 0.10, 0.25
FOUR_FIFTHS = 0.8  # US Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4(D)


class Alarm(StrEnum):
    FINE = "FINE"
    LOOK = "LOOK"
    STOP = "STOP"


@dataclass(frozen=True)
class Shift:
    """How far one input, or the score, has moved from its shares in training."""

    name: str
    psi: float

    @property
    def alarm(self) -> Alarm:
        return Alarm.FINE if self.psi < LOOK_FROM else Alarm.LOOK if self.psi < STOP_FROM else Alarm.STOP


@dataclass(frozen=True)
class Share:
    """`some` of `count` people, with Wilson's 95 % interval."""

    some: int
    count: int

    @property
    def rate(self) -> float:
        return self.some / self.count if self.count else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        if not self.count:
            return 0.0, 1.0
        rate, square = self.rate, Z * Z / self.count
        middle = (rate + square / 2) / (1 + square)
        reach = Z / (1 + square) * sqrt(rate * (1 - rate) / self.count + square / (4 * self.count))
        return max(0.0, middle - reach), min(1.0, middle + reach)


@dataclass(frozen=True)
class GradeTruth:
    """What was promised of a grade, and what came of it."""

    grade: str
    promised: float
    came: Share

    @property
    def is_kept(self) -> bool:
        low, high = self.came.interval
        return low <= self.promised <= high
