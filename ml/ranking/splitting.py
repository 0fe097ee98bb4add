"""Users dealt to parts by a hash of their id, so that the same user lands in the same part of every table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.ranking.table import Flags, Floats, Ints, Table

_TEST_PERCENT = 20
_VALIDATION_PERCENT = 15  # where one part of the training users is enough
# The smaller a table, the less one part of it tells: then every training user is validated once, by a model of its own.
_FOLDS = ((20_000, 5), (100_000, 3))


@dataclass(frozen=True)
class RankingSplit:
    """Per row of the table. A row may know labels of earlier turns only: one training user after the other, those of a
    single validation part at once after them, and all test users last."""

    is_test: Flags
    fold: Ints  # which model is validated on the row; -1 for none
    turn: Ints
    lot: Floats  # breaks ties between equal scores; knows neither label nor the order of the file


def split(table: Table) -> RankingSplit:
    of_user = _hashed(table.users)
    is_test = of_user % 100 < _TEST_PERCENT
    fold = np.where(is_test, -1, _dealt(of_user // 100, int(table.is_asked.sum())))
    is_last = (fold >= 0) & (not is_many(fold))
    return RankingSplit(
        is_test=is_test[table.user],
        fold=fold[table.user],
        turn=_turns(of_user // 10_000, is_last, is_test)[table.user],
        lot=_mixed(of_user[table.user], _hashed(table.items)[table.item]),
    )


def is_many(fold: Ints) -> bool:
    return bool((fold > 0).any())


def _dealt(drawn: Ints, rows: int) -> Ints:
    for limit, folds in _FOLDS:
        if rows <= limit:
            return drawn % folds
    return np.where(drawn % 100 < _VALIDATION_PERCENT, 0, -1)


def _turns(drawn: Ints, is_last: Flags, is_test: Flags) -> Ints:
    learn = np.flatnonzero(~is_last & ~is_test)
    turn = np.where(is_test, len(learn) + 1, len(learn))
    turn[learn[np.argsort(drawn[learn], kind="stable")]] = np.arange(len(learn))
    return turn


def _hashed(names: NDArray[Any]) -> Ints:
    return (pd.util.hash_array(names, categorize=False) >> np.uint64(2)).astype(np.int64)


def _mixed(user: Ints, item: Ints) -> Floats:
    product = (user.astype(np.uint64) ^ item.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
    return (product >> np.uint64(11)).astype(np.float64)
