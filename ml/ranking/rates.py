"""Mean labels of groups of rows, out of fold: no row's figure knows a label of its own user, and none knows the test's."""

import numpy as np

from ml.ranking.splitting import FOLDS
from ml.ranking.table import Floats, Ints


def out_of_fold(key: Ints, label: Floats, fold: Ints, *, prior: Floats, strength: float) -> tuple[Floats, Floats]:
    """For each row the shrunk mean label of rows with the same key in other folds, and how many those are.

    `prior` (one per row) is what a key without rows gets; it weighs as much as `strength` rows.
    """
    size = int(key.max()) + 1
    counts, sums = _by_fold(key, None, fold, size), _by_fold(key, label, fold, size)
    # Row FOLDS is of the test users: nothing of theirs is in the totals.
    place = np.where(fold < 0, FOLDS, fold)
    count = counts.sum(axis=0)[key] - counts[place, key] * (fold >= 0)
    total = sums.sum(axis=0)[key] - sums[place, key] * (fold >= 0)
    return (total + strength * prior) / (count + strength), count


def _by_fold(key: Ints, weights: Floats | None, fold: Ints, size: int) -> Floats:
    known = fold >= 0
    flat = np.bincount(
        fold[known] * size + key[known],
        weights=None if weights is None else weights[known],
        minlength=(FOLDS + 1) * size,
    )
    return flat.reshape(FOLDS + 1, size).astype(np.float64)
