"""Platt's calibration: `a + b * raw` in log-odds, the only kind that keeps contributions adding up exactly."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from ml.lab import regression

Floats = NDArray[np.float64]


def fit(raw: Floats, bad: Floats, weights: Floats) -> tuple[float, float]:
    """a and b from predictions for rows that the model hadn't seen; the order of scores is never turned around."""
    centre, spread = float(raw.mean()), float(raw.std())
    if spread == 0:
        return float(_log_odds(weights @ bad / weights.sum())), 0.0
    intercept, slopes = regression.fit(
        ((raw - centre) / spread).reshape(-1, 1),
        bad,
        weights,
        penalty=np.array([[1e-3]]),
        signs=np.array([1], dtype=np.int8),
    )
    slope = float(slopes[0]) / spread
    return intercept - slope * centre, slope


def level(raw: Floats, bad: Floats, weights: Floats) -> float:
    """What must be added to log-odds so that as many are expected to go bad as did. At least half a loan of either outcome."""
    total = float(weights.sum())
    wanted = min(max(float(weights @ bad), 0.5), total - 0.5)
    reach = float(np.abs(raw).max()) + 20.0
    return float(brentq(lambda added: float(weights @ probability(raw + added)) - wanted, -reach, reach))


def probability(log_odds: Floats) -> Floats:
    result: Floats = 0.5 * (1 + np.tanh(log_odds / 2))
    return result


def _log_odds(rate: float) -> float:
    clipped = min(max(rate, 1e-6), 1 - 1e-6)
    return float(np.log(clipped / (1 - clipped)))
