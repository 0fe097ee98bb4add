"""Many people at once: the same points, grades and factors as one at a time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.facts.vocabulary import FactGroup
from ml.models.artefact import Artefact
from ml.models.features import FEATURES
from ml.models.scale import ANCHOR_ODDS, ANCHOR_POINTS, GRADES, HIGHEST, LOWEST, POINTS_PER_LOG_ODDS
from ml.score.explaining import explained

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
GROUPS = tuple(FactGroup)


@dataclass(frozen=True)
class ManyScored:
    """One row a person. `factors` has a column for each of GROUPS and the last for the limit of the scale."""

    points: Whole
    grades: NDArray[np.str_]
    base_points: Whole
    factors: Whole
    log_odds: Floats


def score_many(artefact: Artefact, rows: Floats) -> ManyScored:
    """Rows as `fitting.rows_of` makes them. Base and factors of each row add up to its points exactly."""
    told = explained(artefact, rows)
    unknown = _unknown(artefact, rows)
    base = points_of_all(told.base + np.where(unknown, told.effects, 0.0).sum(axis=1))
    effects = -POINTS_PER_LOG_ODDS * np.where(unknown, 0.0, told.effects)
    base_points, unclamped = _whole(base), _whole(points_of_all(told.log_odds))
    points = np.clip(unclamped, LOWEST, HIGHEST)
    groups = largest_remainders(effects @ _membership(artefact), unclamped - base_points)
    return ManyScored(
        points=points,
        grades=grades_of_all(artefact, points),
        base_points=base_points,
        factors=np.column_stack([groups, points - unclamped]),
        log_odds=told.log_odds,
    )


def points_of_all(log_odds: Floats) -> Floats:
    """Exact points, neither rounded nor clamped."""
    return np.asarray(ANCHOR_POINTS - POINTS_PER_LOG_ODDS * (log_odds + np.log(ANCHOR_ODDS)))


def grades_of_all(artefact: Artefact, points: Whole) -> NDArray[np.str_]:
    below = np.sum([points < fewest for fewest in artefact.cuts.points], axis=0)
    return np.asarray(np.array(GRADES)[below])


def largest_remainders(parts: Floats, totals: Whole) -> Whole:
    """Row by row, whole numbers next to `parts` that add up to `totals`; what is exactly zero stays zero if it can."""
    whole = np.floor(parts)
    is_open = (parts != 0) | ~(parts != 0).any(axis=1, keepdims=True)
    places = is_open.sum(axis=1)
    rounds, some = np.divmod(totals - whole.sum(axis=1).astype(np.int64), places)
    order = np.argsort(np.where(is_open, whole - parts, np.inf), axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(parts.shape[1]), order.shape), axis=1)
    more = np.where(is_open, rounds[:, None] + (rank < some[:, None]), 0)
    return np.asarray(whole.astype(np.int64) + more)


def _whole(numbers: Floats) -> Whole:
    return np.asarray(np.rint(numbers).astype(np.int64))


def _unknown(artefact: Artefact, rows: Floats) -> NDArray[np.bool_]:
    is_flag = np.array([each.marks_unknown for each in artefact.inputs])
    return np.asarray(np.isnan(rows) | (is_flag & (rows == 1.0)))


def _membership(artefact: Artefact) -> Floats:
    groups = [FEATURES[name].group for name in artefact.facts]
    return np.array([[float(group is mine) for group in GROUPS] for mine in groups])
