"""Bands of odds, and how well they kept what they say in a test."""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.matching.columns import Flags, Floats
from domain.matching.matcher import OddsBand, Tested

BANDS: tuple[tuple[OddsBand, float], ...] = (
    (OddsBand.VERY_HIGH, 0.80),
    (OddsBand.HIGH, 0.60),
    (OddsBand.MEDIUM, 0.35),
    (OddsBand.LOW, 0.0),
)
DECIDED_MIN = 100


def band_of(odds: float) -> OddsBand:
    return next(band for band, low in BANDS if odds >= low)


def kept_in(odds: Floats, approved: Flags, shown_at: NDArray[np.datetime64] | None) -> Mapping[OddsBand, Tested]:
    """A band is kept when enough were decided in it, and its approval rate, give or take chance, lies within the band."""
    told, high = {}, np.inf
    for band, low in BANDS:
        here = (odds >= low) & (odds < high)
        decided, count = int(here.sum()), int(approved[here].sum())
        is_kept = decided >= DECIDED_MIN and holds(count, decided, low, min(high, 1.0))
        times = shown_at[here] if shown_at is not None and decided else None
        told[band] = Tested(count, decided, is_kept, _moment(times, np.min), _moment(times, np.max))
        high = low
    return told


def holds(approved: int, decided: int, low: float, high: float) -> bool:
    rate = approved / max(decided, 1)
    slack = 2 * sqrt(rate * (1 - rate) / max(decided, 1))
    return low - slack <= rate <= high + slack


def _moment(times: NDArray[np.datetime64] | None, which: Any) -> datetime | None:
    if times is None:
        return None
    return datetime.fromtimestamp(which(times).astype("datetime64[us]").astype(int) / 1e6, UTC)
