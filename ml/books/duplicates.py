"""Rows that repeat: told and kept out, or at least kept on one side of a split."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.books.describing import Description
from ml.books.findings import Notes

_SHOWN = 5
_TOLD_SHARE = 0.005
_TELLING_SHARE = 0.5  # a column with that share of different values makes equal rows a copy rather than a coincidence


def first_of_each(table: pd.DataFrame, notes: Notes) -> NDArray[np.bool_]:
    """False where a row repeats an earlier one in every column and can't do so by coincidence."""
    keys = pd.util.hash_pandas_object(table, index=False)
    repeats = keys.duplicated().to_numpy()
    if not repeats.any():
        return ~repeats
    first = pd.Series(np.arange(len(keys)), index=keys.to_numpy()).groupby(level=0).first()
    rows = np.flatnonzero(repeats)
    pairs = ", ".join(f"row {row + 1} repeats row {first[keys.iloc[row]] + 1}" for row in rows[:_SHOWN])
    told = f"{len(rows):,} duplicated rows ({pairs}{', ...' if len(rows) > _SHOWN else ''})"
    if max(table[name].nunique() for name in table) < _TELLING_SHARE * (~repeats).sum():
        notes.warn(
            f"{told}; with so few different values that may be coincidence, so they are kept, on one side of a split."
        )
        return np.ones(len(table), dtype=bool)
    notes.warn(f"{told} are kept out: otherwise the same loan would be learnt from and tested on.")
    return ~repeats


def groups(
    table: pd.DataFrame, frame: pd.DataFrame, description: Description, notes: Notes
) -> NDArray[np.int64] | None:
    """One number per customer, or else per set of equal inputs; None where no row belongs with another."""
    if description.customer is not None:
        keys = pd.util.hash_pandas_object(table[description.customer].astype(str), index=False)
    else:
        keys = pd.util.hash_pandas_object(frame, index=False)
    codes, found = pd.factorize(keys)
    repeats = np.flatnonzero(keys.duplicated())
    if description.customer is None and len(repeats) > _TOLD_SHARE * len(keys):
        rows = ", ".join(str(table.index[row] + 1) for row in repeats[:_SHOWN])
        notes.warn(
            f"{len(repeats):,} rows repeat the inputs of an earlier row (rows {rows}{', ...' if len(repeats) > _SHOWN else ''}); "
            "equal rows stay on one side of a split."
        )
    return None if len(found) == len(keys) else codes.astype(np.int64)
