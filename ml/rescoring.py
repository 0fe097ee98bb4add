"""Many people at once: the same points, grades and factors as one at a time."""

import numpy as np
from numpy.typing import NDArray

from ml.scale import ANCHOR_ODDS, ANCHOR_POINTS, POINTS_PER_LOG_ODDS

Floats = NDArray[np.float64]


def points_of_all(log_odds: Floats) -> Floats:
    """Exact points, neither rounded nor clamped."""
    return np.asarray(ANCHOR_POINTS - POINTS_PER_LOG_ODDS * (log_odds + np.log(ANCHOR_ODDS)))
