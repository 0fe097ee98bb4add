"""Fairness in the open: approval and truth of the PD within each group of a sensitive column."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.figures.drift import FOUR_FIFTHS
from ml.figures.metrics import Ranked, bootstrap_weights
from ml.lab.calibration import probability
from ml.lab.evaluation import Interval, draws, interval
from ml.models.scale import Cuts

Floats = NDArray[np.float64]

GAP_MAX = 0.02
_COMPARED_ROWS_MIN = 50
_DRAWS_MAX = 200


@dataclass(frozen=True)
class GroupFigures:
    """One group. `gap` is PD minus bad rate; `ratio` compares its approvals with those of the most approved group."""

    column: str
    group: str
    rows: int
    bad_rate: float
    mean_pd: float
    gap: float
    gap_interval: Interval
    auc: float
    approved: float  # the share with grade A, B or C
    approved_interval: Interval
    ratio: float
    ratio_interval: Interval

    @property
    def concerns(self) -> tuple[str, ...]:
        """What somebody should look at: beyond the usual limits, and not by chance."""
        told = []
        if self.ratio < FOUR_FIFTHS and self.ratio_interval[1] < 1:
            told.append("approved less than four fifths as often")
        if abs(self.gap) > GAP_MAX and self.gap_interval[0] * self.gap_interval[1] > 0:
            told.append("PD too high" if self.gap > 0 else "PD too low")
        return tuple(told)


def by_group(
    bad: Floats, log_odds: Floats, weights: Floats, sensitive: pd.DataFrame, cuts: Cuts, *, seed: int = 0
) -> list[GroupFigures]:
    """A line per group of each sensitive column."""
    return [
        line
        for column in sensitive
        for line in _lines(bad, log_odds, weights, sensitive[column].astype(str), str(column), cuts, seed)
    ]


def _lines(
    bad: Floats, log_odds: Floats, weights: Floats, cells: "pd.Series[str]", column: str, cuts: Cuts, seed: int
) -> list[GroupFigures]:
    names, codes = np.unique(cells.to_numpy(dtype=str), return_inverse=True)
    sizes, chances = np.bincount(codes), probability(log_odds)
    parts = (bad, chances, (chances <= cuts.c).astype(float))

    def rates(mass: Floats) -> Floats:
        totals = np.bincount(codes, weights=mass, minlength=len(names))
        sums = [np.bincount(codes, weights=mass * part, minlength=len(names)) for part in parts]
        return np.stack(sums) / np.maximum(totals, 1e-12)

    now = rates(weights)
    compared = sizes >= min(_COMPARED_ROWS_MIN, int(sizes.max()))
    best = int(np.argmax(np.where(compared, now[2], -1)))
    count = min(_DRAWS_MAX, draws(len(bad)))
    samples = np.stack([rates(weights * draw) for draw in bootstrap_weights(len(bad), None, draws=count, seed=seed)])
    ratios = samples[:, 2] / np.maximum(samples[:, 2, best : best + 1], 1e-12)
    lines = []
    for i, name in enumerate(names):
        here = codes == i
        lines.append(
            GroupFigures(
                column=column,
                group=str(name),
                rows=int(sizes[i]),
                bad_rate=float(now[0, i]),
                mean_pd=float(now[1, i]),
                gap=float(now[1, i] - now[0, i]),
                gap_interval=interval((samples[:, 1, i] - samples[:, 0, i]).tolist()),
                auc=Ranked(bad[here], chances[here]).auc(weights[here]),
                approved=float(now[2, i]),
                approved_interval=interval(samples[:, 2, i].tolist()),
                ratio=float(now[2, i] / now[2, best]) if now[2, best] else 1.0,
                ratio_interval=interval(ratios[:, i].tolist()),
            )
        )
    return lines
