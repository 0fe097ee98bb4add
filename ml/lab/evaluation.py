"""Judging probabilities of default on held-out rows: figures with intervals, grades, groups and paired differences."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.figures.metrics import Figures, Ranked, bootstrap_weights, noise_band
from ml.lab.calibration import probability
from ml.models.scale import GRADES, Cuts, Grade, points_of

Floats = NDArray[np.float64]
Interval = tuple[float, float]
FIGURES = ("auc", "ks", "brier", "logloss", "ece")

_CELLS_MAX = 60_000_000  # bounds the time of a bootstrap: rows times draws
_DRAWS_MAX = 500


@dataclass(frozen=True)
class Judgement:
    """Figures with 95 % bootstrap intervals; `noise` is the ECE that a perfectly calibrated model would show here."""

    rows: int
    bads: int
    figures: Figures
    intervals: dict[str, Interval]
    noise: Interval

    @property
    def is_calibrated(self) -> bool:
        return self.figures.ece <= self.noise[1]


@dataclass(frozen=True)
class GradeLine:
    grade: Grade
    share: float
    bad_rate: float | None  # None where nobody has the grade
    mean_pd: float | None


def judged(
    bad: Floats, log_odds: Floats, weights: Floats, groups: NDArray[np.int64] | None = None, *, seed: int = 0
) -> Judgement:
    chances = probability(log_odds)
    ranked = Ranked(bad, chances)
    samples = [
        ranked.figures(weights * draw) for draw in bootstrap_weights(len(bad), groups, draws=draws(len(bad)), seed=seed)
    ]
    found = ranked.figures(weights)
    intervals = {name: interval([getattr(sample, name) for sample in samples]) for name in FIGURES}
    intervals["ece"] = _unbiased(found.ece, [sample.ece for sample in samples])
    return Judgement(
        rows=len(bad),
        bads=int(bad.sum()),
        figures=found,
        intervals=intervals,
        noise=noise_band(chances, weights, seed=seed, draws=draws(len(bad))),
    )


def draws(rows: int) -> int:
    return int(min(_DRAWS_MAX, max(100, _CELLS_MAX // rows)))


def interval(values: list[float]) -> Interval:
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


def _unbiased(figure: float, samples: list[float]) -> Interval:
    """An ECE only grows by the noise of resampling: the interval is moved back by as much, and holds the figure."""
    low, high = interval(samples)
    bias = float(np.median(samples)) - figure
    return max(low - bias, 0.0), high - bias


def grades_of(log_odds: Floats, cuts: Cuts) -> NDArray[np.int8]:
    """0 for A to 3 for D, by whole points, as a person is graded."""
    anchor, slope = points_of(0.0), points_of(0.0) - points_of(1.0)
    points = np.clip(np.round(anchor - slope * log_odds), 350, 950)
    below: NDArray[np.bool_] = np.stack([points < fewest for fewest in cuts.points])
    return np.asarray(below.sum(axis=0), dtype=np.int8)


def grade_lines(bad: Floats, log_odds: Floats, weights: Floats, cuts: Cuts) -> tuple[GradeLine, ...]:
    """Share, observed bad rate and mean PD per grade."""
    chances, grades = probability(log_odds), grades_of(log_odds, cuts)
    lines = []
    for index, grade in enumerate(GRADES):
        mass = np.where(grades == index, weights, 0.0)
        total = float(mass.sum())
        rates = (float(mass @ bad) / total, float(mass @ chances) / total) if total else (None, None)
        lines.append(GradeLine(grade, total / float(weights.sum()), *rates))
    return tuple(lines)
