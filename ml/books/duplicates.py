"""Rows that repeat: told and kept out, or at least kept on one side of a split."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.books.describing import Description
from ml.books.findings import Notes

_SHOWN = 5
_TOLD_SHARE = 0.005
_COPIES_MAX = 5
_MANY_COLUMNS = 6
_TELLING_SHARE = 0.5  # a column with that share of different values makes equal rows a copy rather than a coincidence


def first_of_each(table: pd.DataFrame, notes: Notes) -> NDArray[np.bool_]:
    """False where a row repeats an earlier one in every column and can't do so by coincidence."""
    keys = pd.util.hash_pandas_object(table, index=False)
    repeats = keys.duplicated().to_numpy()
    rows = np.flatnonzero(repeats)
    rows = rows[~_say_nothing(table.iloc[rows])] if len(rows) else rows
    if not len(rows):
        return np.ones(len(table), dtype=bool)
    first = pd.Series(np.arange(len(keys)), index=keys.to_numpy()).groupby(level=0).first()
    pairs = ", ".join(f"row {row + 1} repeats row {first[keys.iloc[row]] + 1}" for row in rows[:_SHOWN])
    told = f"{len(rows):,} duplicated rows ({pairs}{', ...' if len(rows) > _SHOWN else ''})"
    if max(table[name].nunique() for name in table) < _TELLING_SHARE * (~repeats).sum():
        notes.warn(f"{told}; with so few different values that may be coincidence, so they are kept.")
        return np.ones(len(table), dtype=bool)
    notes.warn(f"{told} are kept out: otherwise the same loan would be learnt from and tested on.")
    kept = np.ones(len(table), dtype=bool)
    kept[rows] = False
    return kept


def groups(
    table: pd.DataFrame, frame: pd.DataFrame, description: Description, notes: Notes
) -> NDArray[np.int64] | None:
    """One number per customer, or else per few rows with equal inputs; None where no row belongs with another."""
    if description.customer is not None:
        codes, found = pd.factorize(table[description.customer].astype(str))
        return None if len(found) == len(codes) else codes.astype(np.int64)
    codes, found = pd.factorize(pd.util.hash_pandas_object(frame, index=False))
    sizes = np.bincount(codes)[codes]
    copies = (sizes > 1) & (sizes <= _COPIES_MAX)
    if not copies.any():
        return None
    repeats = np.flatnonzero(copies & pd.Series(codes).duplicated().to_numpy())
    if len(repeats) > _TOLD_SHARE * len(codes):
        rows = ", ".join(str(table.index[row] + 1) for row in repeats[:_SHOWN])
        notes.warn(
            f"{len(repeats):,} rows repeat the inputs of an earlier row (rows {rows}{', ...' if len(repeats) > _SHOWN else ''}); "
            "they stay on the same side of a split."
        )
    # Many equal rows are no copies but people of whom the same is known, often nothing; they must be on both sides.
    return np.where(copies, codes, len(found) + np.arange(len(codes))).astype(np.int64)


def _say_nothing(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows say nothing: many columns with hardly any different values, such as one code everywhere."""
    if len(rows.columns) < _MANY_COLUMNS:
        return np.zeros(len(rows), dtype=bool)
    return np.asarray(rows.astype(str).nunique(axis=1) <= _MANY_COLUMNS // 2, dtype=bool)
