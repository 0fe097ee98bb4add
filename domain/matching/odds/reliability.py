"""Whether an odds band keeps its word: what it promises, and when what was decided speaks against it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from domain.matching.matcher import OddsBand

# Of each tail: the band is looked at every hour, so chance alone must hardly ever speak against it.
DOUBT = 0.0005


class BandStanding(StrEnum):
    """GATHERING: too few were decided yet, so the model's own test speaks."""

    GATHERING = "GATHERING"
    KEPT = "KEPT"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True)
class Promise:
    """The share approved of those in a band lies between these, the upper one left out but where it is 1."""

    low: float
    high: float

    def holds(self, rate: float) -> bool:
        return self.low <= rate and (rate < self.high or self.high == 1.0)


PROMISES: Mapping[OddsBand, Promise] = MappingProxyType(
    {
        OddsBand.VERY_HIGH: Promise(0.80, 1.0),
        OddsBand.HIGH: Promise(0.60, 0.80),
        OddsBand.MEDIUM: Promise(0.35, 0.60),
        OddsBand.LOW: Promise(0.0, 0.35),
    }
)


def band_of(odds: float) -> OddsBand:
    """Odds from 0 to 1."""
    return next(band for band, promise in PROMISES.items() if odds >= promise.low)


@dataclass(frozen=True)
class Tally:
    approved: int
    decided: int

    @property
    def rate(self) -> float | None:
        return self.approved / self.decided if self.decided else None


def standing(
    before: BandStanding, promise: Promise, tally: Tally, *, decided_min: int, broken_by: Tally
) -> BandStanding:
    """How a band stands after a look. `tally`: what was decided; of a band that is withdrawn, since it was.

    To be withdrawn, the 99.9 % interval of the rate must lie outside the promise (Clopper and Pearson 1934). To come back,
    the rate must lie inside, and be better than chance makes of the rate in `broken_by`, for which it was withdrawn.
    """
    enough = tally.decided >= decided_min
    if before == BandStanding.WITHDRAWN:
        return BandStanding.KEPT if enough and is_mended(promise, tally, broken_by) else BandStanding.WITHDRAWN
    if not enough:
        return BandStanding.GATHERING
    return BandStanding.WITHDRAWN if is_broken(promise, tally) else BandStanding.KEPT


def is_broken(promise: Promise, tally: Tally) -> bool:
    if tally.rate is None or promise.holds(tally.rate):
        return False
    return _is_unlikely(tally, promise.low if tally.rate < promise.low else promise.high)


def is_mended(promise: Promise, tally: Tally, broken_by: Tally) -> bool:
    if tally.rate is None or not promise.holds(tally.rate):
        return False
    return _is_unlikely(tally, (broken_by.approved + 0.5) / (broken_by.decided + 1))


def _is_unlikely(tally: Tally, chance: float) -> bool:
    """Whether so few, or so many, are approved less often than DOUBT where each is with this chance."""
    if tally.approved < tally.decided * chance:
        return _at_most(tally.approved, tally.decided, chance) < DOUBT
    return _at_most(tally.decided - tally.approved, tally.decided, 1 - chance) < DOUBT


def _at_most(count: int, of: int, chance: float) -> float:
    """The chance that a binomial count is this or lower, for counts below its mean: there the terms fall fast."""
    chosen = math.lgamma(of + 1) - math.lgamma(count + 1) - math.lgamma(of - count + 1)
    term = math.exp(chosen + count * math.log(chance) + (of - count) * math.log1p(-chance))
    total = 0.0
    while count >= 0 and term > total * 1e-16:
        total += term
        term *= count * (1 - chance) / ((of - count + 1) * chance)
        count -= 1
    return total
