"""What a policy would have earned, estimated from the log of another.

Inverse propensity scoring, its self-normalised form (Swaminathan and Joachims 2015), and doubly robust (Dudik, Langford
and Li 2011). Weights above the clip are lowered to it (truncated importance sampling, Ionides 2008: the square root of
the number of rows), which trades a little bias, towards zero, for much variance; how many were is reported.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from ml.ranking.logs import RankingLog
from ml.ranking.policies import Policy
from ml.ranking.rewards import Expected, expected
from ml.ranking.table import Floats

_DRAWS = 1_000
_CELLS_MAX = 100_000_000
Interval = tuple[float, float]


@dataclass(frozen=True)
class Estimate:
    name: str
    value: float
    interval: Interval


@dataclass(frozen=True)
class Valued:
    rows: int
    target: str
    logged: Estimate  # what the logging policy really earned
    estimates: tuple[Estimate, ...]
    clip: float
    clipped_share: float
    highest_weight: float
    effective_rows: float  # Kish: as many rows of equal weight would tell as much
    mean_weight: float  # 1 where the propensities are true and nothing is clipped


def value(
    log: RankingLog, policy: Policy, *, seed: int, clip: float | None = None, told: Expected | None = None
) -> Valued:
    """`told`: what a model that has not seen these rows expects of them; fitted here if not given."""
    weight = policy.chosen / log.propensity
    limit = sqrt(len(log)) if clip is None else clip
    used = np.minimum(weight, limit)
    parts = [LogPart("IPS", used * log.reward), LogPart("SNIPS", used * log.reward, used)]
    if told is None and policy.table is not None:
        told = expected(log, policy, seed=seed)
    if told is not None:
        parts.append(LogPart("DR", _doubly_robust(log, used, told)))
    draws = _resampled([LogPart("on-policy", log.reward), *parts], log, seed)
    logged, *estimates = (
        Estimate(part.name, part.value(), _central(values))
        for part, values in zip([LogPart("on-policy", log.reward), *parts], draws, strict=True)
    )
    return Valued(
        rows=len(log),
        target=policy.name,
        logged=logged,
        estimates=tuple(estimates),
        clip=limit,
        clipped_share=float((weight > limit).mean()),
        highest_weight=float(weight.max()),
        effective_rows=float(used.sum() ** 2 / max((used**2).sum(), 1e-300)),
        mean_weight=float(weight.mean()),
    )


def earned(log: RankingLog, *, seed: int) -> Estimate:
    """The mean reward of a log under its own policy: the truth, where the target has been run."""
    part = LogPart("on-policy", log.reward)
    return Estimate(part.name, part.value(), _central(_resampled([part], log, seed)[0]))


@dataclass(frozen=True)
class LogPart:
    """A mean of `top`, or its ratio to the mean of `bottom`."""

    name: str
    top: Floats
    bottom: Floats | None = None

    def value(self) -> float:
        return float(self.top.sum() / (len(self.top) if self.bottom is None else self.bottom.sum()))


def _doubly_robust(log: RankingLog, weight: Floats, told: Expected) -> Floats:
    return told.of_policy + weight * (log.reward - told.of_action)


def _resampled(parts: list[LogPart], log: RankingLog, seed: int) -> list[NDArray[np.float64]]:
    """Each part's value in each resample of the rows, or of the users where a user has several."""
    index = np.arange(len(log)) if log.user is None else log.user
    units = int(index.max()) + 1
    columns = [np.ones(len(log))] + [each for part in parts for each in (part.top, part.bottom) if each is not None]
    sums = np.column_stack([np.bincount(index, column, units) for column in columns])
    rng = np.random.default_rng(seed)
    count = max(min(_DRAWS, _CELLS_MAX // units), 200)
    drawn = np.array([rng.poisson(1.0, units) @ sums for _ in range(count)])
    results, place = [], 1
    for part in parts:
        bottom = drawn[:, 0] if part.bottom is None else drawn[:, place + 1]
        results.append(drawn[:, place] / np.maximum(bottom, 1e-300))
        place += 1 if part.bottom is None else 2
    return results


def _central(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
