"""How well the bands of odds kept what they promise, in a test that the model had not seen."""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.market.arrays import Flags, Floats
from domain.matching.matcher import OddsBand, Tested
from domain.matching.odds.reliability import PROMISES, Promise

DECIDED_MIN = 100


def measure_bands(odds: Floats, approved: Flags, shown_at: NDArray[np.datetime64] | None) -> Mapping[OddsBand, Tested]:
    """A band is kept when enough were decided in it, and its approval rate, give or take chance, is what it promises."""
    told, above = {}, np.inf
    for band, promise in PROMISES.items():
        here = (odds >= promise.low) & (odds < above)
        decided, count = int(here.sum()), int(approved[here].sum())
        is_kept = decided >= DECIDED_MIN and holds(count, decided, promise)
        times = shown_at[here] if shown_at is not None and decided else None
        told[band] = Tested(count, decided, is_kept, _moment(times, np.min), _moment(times, np.max))
        above = promise.low
    return told


def holds(approved: int, decided: int, promise: Promise) -> bool:
    rate = approved / max(decided, 1)
    slack = 2 * sqrt(rate * (1 - rate) / max(decided, 1))
    return promise.low - slack <= rate <= promise.high + slack


def _moment(times: NDArray[np.datetime64] | None, which: Any) -> datetime | None:
    if times is None:
        return None
    return datetime.fromtimestamp(which(times).astype("datetime64[us]").astype(int) / 1e6, UTC)
