"""How good ranked lists are, per user, and what chance might make of it.

NDCG with linear gains (as scikit-learn and CatBoost count it), MAP@7 with any label above zero as a hit (divided by the
hits that could be in seven places), coverage: the share of all items in somebody's first five, novelty: the mean
surprise of those in bits, -log2 of the share of training users who liked the item.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.ranking.table import Flags, Floats, Ints

FIGURES = ("ndcg@1", "ndcg@5", "map@7", "novelty")
SHOWN = 5
_MAP_PLACES = 7
_CELLS_MAX = 40_000_000  # of bootstrap weights

Interval = tuple[float, float]


@dataclass(frozen=True)
class Measured:
    """Means over users who prefer something (novelty: over all), and the same per user, NaN where a user does not."""

    figures: Mapping[str, float]
    coverage: float
    per_user: Floats  # users x FIGURES


def prefer(user: Ints, label: Floats, users: int) -> Flags:
    """Per user, whether they like one thing of their list better than another: any order is right for whoever does not."""
    highest, lowest = np.zeros(users), np.full(users, np.inf)
    np.maximum.at(highest, user, label)
    np.minimum.at(lowest, user, label)
    return highest > lowest


def measure(score: Floats, user: Ints, item: Ints, label: Floats, lot: Floats, surprise: Floats) -> Measured:
    """`user` counts from 0 without gaps; `surprise` is in bits per item, and there are as many items as it is long."""
    users = int(user.max()) + 1
    order, place = _placed(user, (lot, -score))
    gains, who, what = label[order], user[order], item[order]
    ideal_order, ideal_place = _placed(user, (-label,))
    ideal = label[ideal_order]
    hits = (gains > 0).astype(float)
    count, prefers = np.bincount(user, label > 0, users), prefer(user, label, users)
    with np.errstate(invalid="ignore", divide="ignore"):
        ndcg = [_dcg(gains, place, who, users, k) / _dcg(ideal, ideal_place, who, users, k) for k in (1, SHOWN)]
        precision = _running(hits, who) / (place + 1)
        found = np.bincount(who, precision * hits * (place < _MAP_PLACES), users)
        mean_precision = found / np.minimum(count, _MAP_PLACES)
    first = place < SHOWN
    novelty = np.bincount(who, surprise[what] * first, users) / np.bincount(who, first, users)
    told = [np.where(prefers, each, np.nan) for each in (*ndcg, mean_precision)]
    per_user = np.column_stack([*told, novelty])
    means = {name: float(np.nanmean(per_user[:, i])) for i, name in enumerate(FIGURES)}
    return Measured(means, len(np.unique(what[first])) / len(surprise), per_user)


def ndcg(score: Floats, user: Ints, label: Floats, lot: Floats) -> Floats:
    """NDCG@5 of each user who prefers something."""
    _, index = np.unique(user, return_inverse=True)
    order, place = _placed(index, (lot, -score))
    ideal_order, ideal_place = _placed(index, (-label,))
    users = int(index.max()) + 1
    reached = _dcg(label[order], place, index[order], users, SHOWN)
    possible = _dcg(label[ideal_order], ideal_place, index[ideal_order], users, SHOWN)
    prefers = prefer(index, label, users)
    found: Floats = reached[prefers] / possible[prefers]
    return found


def draws(users: int, *, seed: int, most: int = 1_000) -> NDArray[np.float64]:
    """How often each user is drawn in each resample: Poisson(1), the same for every model, so that differences pair."""
    count = max(min(most, _CELLS_MAX // users), 100)
    return np.random.default_rng(seed).poisson(1.0, (count, users)).astype(np.float64)


def interval(values: Floats, weights: NDArray[np.float64]) -> Interval:
    """The central 95 % of the resampled mean of what is no NaN."""
    known = ~np.isnan(values)
    means = weights[:, known] @ values[known] / np.maximum(weights[:, known].sum(axis=1), 1.0)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _placed(user: Ints, keys: tuple[Floats, ...]) -> tuple[Ints, Ints]:
    """The rows in the order of their lists, and each one's place in its list."""
    order = np.lexsort((*keys, user))
    starts = np.searchsorted(user[order], user[order], side="left")
    return order, np.arange(len(order)) - starts


def _dcg(gains: Floats, place: Ints, who: Ints, users: int, k: int) -> Floats:
    result = np.bincount(who, np.where(place < k, gains / np.log2(place + 2), 0.0), users)
    return result.astype(np.float64)


def _running(hits: Floats, who: Ints) -> Floats:
    total = np.cumsum(hits)
    starts = np.searchsorted(who, who, side="left")
    return total - (total - hits)[starts]
