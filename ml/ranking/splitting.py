"""Users dealt to parts by a hash of their id, so that the same user lands in the same part of every table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.ranking.table import Flags, Floats, Ints, Table

FOLDS = 5
_TEST_PERCENT = 20
_VALIDATION_PERCENT = 15


@dataclass(frozen=True)
class Split:
    """Per row of the table. Test rows are in fold -1, because their statistics come from all training users."""

    is_test: Flags
    is_validation: Flags
    fold: Ints
    lot: Floats  # breaks ties between equal scores; knows neither label nor the order of the file


def split(table: Table) -> Split:
    of_user = _hashed(table.users)[table.user]
    is_test = of_user % 100 < _TEST_PERCENT
    return Split(
        is_test=is_test,
        is_validation=~is_test & (of_user // 100 % 100 < _VALIDATION_PERCENT),
        fold=np.where(is_test, -1, of_user // 10_000 % FOLDS),
        lot=_mixed(of_user, _hashed(table.items)[table.item]),
    )


def _hashed(names: NDArray[Any]) -> Ints:
    return (pd.util.hash_array(names, categorize=False) >> np.uint64(2)).astype(np.int64)


def _mixed(user: Ints, item: Ints) -> Floats:
    product = (user.astype(np.uint64) ^ item.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
    return (product >> np.uint64(11)).astype(np.float64)
