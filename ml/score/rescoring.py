"""Many people at once, in columns: the same points, grades, factors and reasons as one at a time, to the last bit."""

from dataclasses import dataclass
from math import log

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
    effects: Floats  # what each input adds, in log-odds


def score_many(artefact: Artefact, rows: Floats) -> ManyScored:
    """Rows as `fitting.rows_of` makes them. Base and factors of each row add up to its points exactly."""
    told = explained(artefact, rows)
    base, groups = _grouped(artefact, rows, told.effects, told.base)
    base_points, unclamped = _whole(points_of_all(base)), _whole(points_of_all(told.log_odds))
    points = np.clip(unclamped, LOWEST, HIGHEST)
    return ManyScored(
        points=points,
        grades=grades_of_all(artefact, points),
        base_points=base_points,
        factors=np.column_stack([largest_remainders(groups, unclamped - base_points), points - unclamped]),
        log_odds=told.log_odds,
        effects=told.effects,
    )


def _grouped(artefact: Artefact, rows: Floats, effects: Floats, base: float) -> tuple[Floats, Floats]:
    """The base with all that is unknown, and the points of each group: summed input by input, as for one person."""
    bases, groups = np.full(len(rows), base), np.zeros((len(GROUPS), len(rows)))
    for index, (each, name) in enumerate(zip(artefact.inputs, artefact.facts, strict=True)):
        mine, effect = rows[:, index], effects[:, index]
        unknown = np.isnan(mine) | (mine == 1.0) if each.marks_unknown else np.isnan(mine)
        bases += np.where(unknown, effect, 0.0)
        groups[GROUPS.index(FEATURES[name].group)] -= POINTS_PER_LOG_ODDS * np.where(unknown, 0.0, effect)
    return bases, np.ascontiguousarray(groups.T)


def points_of_all(log_odds: Floats) -> Floats:
    """Exact points, neither rounded nor clamped."""
    return np.asarray(ANCHOR_POINTS - POINTS_PER_LOG_ODDS * (log_odds + log(ANCHOR_ODDS)))


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
