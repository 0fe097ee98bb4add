"""How well probabilities of default separate and how true they are; every figure takes weights.

AUC: the chance that a bad loan has a higher PD than a good one. KS: the widest gap between their distributions.
ECE: the mean distance between PD and observed bad rate over ten bins of equal mass.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
BINS = 10


@dataclass(frozen=True)
class Figures:
    auc: float
    ks: float
    brier: float
    logloss: float
    ece: float


def figures(bad: Floats, pd: Floats, weights: Floats | None = None) -> Figures:
    return Ranked(bad, pd).figures(np.ones(len(bad)) if weights is None else weights)


class Ranked:
    """Outcomes sorted by PD once, so that thousands of reweightings (bootstrap samples) are cheap."""

    def __init__(self, bad: Floats, pd: Floats) -> None:
        self.order = np.argsort(pd, kind="stable")
        self.bad, self.pd = bad[self.order], pd[self.order]
        self._ties = np.flatnonzero(np.diff(pd[self.order], prepend=-np.inf))
        self._losses = losses(self.bad, self.pd)
        self._squares = (self.pd - self.bad) ** 2

    def figures(self, weights: Floats) -> Figures:
        """`weights` in the order in which the rows were given."""
        sorted_weights = weights[self.order]
        total = sorted_weights.sum()
        auc, ks = self._separation(sorted_weights)
        return Figures(
            auc=auc,
            ks=ks,
            brier=float(sorted_weights @ self._squares / total),
            logloss=float(sorted_weights @ self._losses / total),
            ece=_ece(self.bad, self.pd, sorted_weights),
        )

    def auc(self, weights: Floats) -> float:
        return self._separation(weights[self.order])[0]

    def _separation(self, weights: Floats) -> tuple[float, float]:
        bads = np.add.reduceat(weights * self.bad, self._ties)
        goods = np.add.reduceat(weights * (1 - self.bad), self._ties)
        if not bads.sum() or not goods.sum():
            return float("nan"), float("nan")
        bads, goods = bads / bads.sum(), goods / goods.sum()
        goods_below = np.cumsum(goods)
        auc = float(bads @ (goods_below - goods / 2))
        return auc, float(np.max(np.abs(goods_below - np.cumsum(bads))))


def losses(bad: Floats, pd: Floats) -> Floats:
    """Log-loss of each row."""
    clipped = np.clip(pd, 1e-9, 1 - 1e-9)
    result: Floats = -(bad * np.log(clipped) + (1 - bad) * np.log1p(-clipped))
    return result


def ece(bad: Floats, pd: Floats, weights: Floats | None = None) -> float:
    order = np.argsort(pd, kind="stable")
    return _ece(bad[order], pd[order], np.ones(len(bad)) if weights is None else weights[order])


@dataclass(frozen=True)
class CalibrationBin:
    pd: float
    bad_rate: float
    share: float


def calibration_bins(bad: Floats, pd: Floats, weights: Floats) -> list[CalibrationBin]:
    order = np.argsort(pd, kind="stable")
    sums = _bin_sums(bad[order], pd[order], weights[order])
    total = sums[2].sum()
    return [CalibrationBin(p / w, b / w, w / total) for b, p, w in sums.T if w > 0]


def noise_band(pd: Floats, weights: Floats | None = None, *, seed: int = 0, draws: int = 400) -> tuple[float, float]:
    """The central 95 % of the ECE which a perfectly calibrated model shows on as many rows with these PDs."""
    rng = np.random.default_rng(seed)
    ranked = np.sort(pd)
    sorted_weights = np.ones(len(pd)) if weights is None else weights[np.argsort(pd, kind="stable")]
    eces = [_ece((rng.random(len(pd)) < ranked).astype(float), ranked, sorted_weights) for _ in range(draws)]
    low, high = np.quantile(eces, [0.025, 0.975])
    return float(low), float(high)


def psi(expected: ArrayLike, actual: ArrayLike) -> float:
    """Population stability index of two lists of shares; below .10 fine, .10-.25 look, above .25 stop."""
    # An empty bin would make the index infinite.
    before, after = (np.clip(np.asarray(shares, float), 1e-4, None) for shares in (expected, actual))
    before, after = before / before.sum(), after / after.sum()
    return float(((after - before) * np.log(after / before)).sum())


def bootstrap_weights(rows: int, groups: NDArray[np.int64] | None, *, draws: int, seed: int) -> Iterator[Floats]:
    """Bayesian-like resamples: a Poisson(1) count per row, or per group where rows belong together."""
    rng = np.random.default_rng(seed)
    if groups is None:
        yield from (rng.poisson(1.0, rows).astype(float) for _ in range(draws))
        return
    _, index = np.unique(groups, return_inverse=True)
    yield from (rng.poisson(1.0, index.max() + 1).astype(float)[index] for _ in range(draws))


def _ece(bad: Floats, pd: Floats, weights: Floats) -> float:
    bads, pds, mass = _bin_sums(bad, pd, weights)
    return float(np.abs(bads - pds).sum() / mass.sum())


def _bin_sums(bad: Floats, pd: Floats, weights: Floats) -> Floats:
    """Weighted sums of outcome, PD and mass in ten bins of equal mass; rows are sorted by PD."""
    mass = np.cumsum(weights)
    starts = np.searchsorted(mass, mass[-1] * np.arange(BINS) / BINS, side="right")
    cuts = np.unique(np.minimum(starts, len(pd) - 1))
    return np.stack([np.add.reduceat(weights * each, cuts) for each in (bad, pd, np.ones(len(pd)))])
