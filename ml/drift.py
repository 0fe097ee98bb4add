"""Whether the people of today are those of training, and whether the model still says the truth about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.artefact import Artefact
from ml.scale import GRADES

Floats = NDArray[np.float64]
Z = 1.96  # 95 %
LOOK_FROM, STOP_FROM = 0.10, 0.25
SHARE_MIN = 1e-4  # an empty bin would make the index infinite
FOUR_FIFTHS = 0.8


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
    """Of `count` people, `some`; with Wilson's 95 % interval."""

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


@dataclass(frozen=True)
class GroupRates:
    """Of one group: who is approved; and, of those whose loans have matured, who was approved and went bad."""

    group: str
    approved: Share
    bad: Share
    ratio: float  # approval rate over that of the group approved most

    @property
    def passes_four_fifths(self) -> bool:
        return self.ratio >= FOUR_FIFTHS


def shifts(artefact: Artefact, rows: NDArray[Any], log_odds: Floats) -> list[Shift]:
    """The population stability index of each input and of the score, the most moved first."""
    profile, found = artefact.profile, []
    for index, each in enumerate(artefact.inputs):
        known = profile.get("inputs", {}).get(each.name)
        if known is not None:
            found.append(Shift(each.name, psi(known["shares"], _shares(known, rows[:, index]))))
    if "log_odds" in profile:
        found.append(Shift("score", psi(profile["log_odds"]["shares"], _shares(profile["log_odds"], log_odds))))
    return sorted(found, key=lambda shift: (-shift.psi, shift.name))


def psi(expected: Sequence[float], found: Sequence[float]) -> float:
    """Sum of (found - expected) * ln(found / expected) over bins."""
    before = np.maximum(np.asarray(expected, float), SHARE_MIN)
    after = np.maximum(np.asarray(found, float), SHARE_MIN)
    return float(np.sum((after - before) * np.log(after / before)))


def matured(grades: Sequence[str], probabilities: Sequence[float], bad: Sequence[bool]) -> list[GradeTruth]:
    """Calibration against outcomes that are known now, by grade."""
    mine, promised, came = np.asarray(grades), np.asarray(probabilities, float), np.asarray(bad, bool)
    found = []
    for grade in GRADES:
        here = mine == grade
        if here.any():
            share = Share(int(came[here].sum()), int(here.sum()))
            found.append(GradeTruth(grade, float(promised[here].mean()), share))
    return found


def by_group(groups: Sequence[str], approved: Sequence[bool], bad: Sequence[bool | None]) -> list[GroupRates]:
    """Approval and bad rates by group. `bad` is None where the outcome is not known, or nothing was lent."""
    labels, given = np.asarray(groups), np.asarray(approved, bool)
    known = np.array([one is not None for one in bad], bool)
    went = np.array([bool(one) for one in bad], bool)
    approvals = {
        label: Share(int(given[labels == label].sum()), int((labels == label).sum())) for label in sorted(set(groups))
    }
    most = max((share.rate for share in approvals.values()), default=0.0)
    found = []
    for label, share in approvals.items():
        here = (labels == label) & given & known
        lost = Share(int(went[here].sum()), int(here.sum()))
        found.append(GroupRates(label, share, lost, share.rate / most if most else 1.0))
    return found


def _shares(known: Mapping[str, Any], column: NDArray[Any]) -> list[float]:
    """Today's shares in the bins of training; the last one of numbers is that of the unknown."""
    if "levels" in known:
        return [float((column == level).mean()) for level in known["levels"]]
    numbers = column.astype(float)
    seen = numbers[~np.isnan(numbers)]
    counts = np.bincount(np.searchsorted(known["edges"], seen, side="right"), minlength=len(known["edges"]) + 1)
    return [*(counts / len(numbers)), 1 - len(seen) / len(numbers)]
