"""Rows that a model has learned from, recognised in any order and any company by all that the model sees of them."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Floats = NDArray[np.float64]

# Many equal rows are no copies but people of whom the same is known.
_COPIES_MAX = 5


def hashes(frame: pd.DataFrame, bad: Floats) -> Hashes:
    """One number a row, of the inputs' values and the outcome."""
    together = frame.assign(**{"": bad})
    return np.asarray(pd.util.hash_pandas_object(together, index=False), dtype=np.uint64)


def learned(frame: pd.DataFrame, bad: Floats) -> bytes:
    """What an artefact keeps of the rows of its training: nothing that can be read back."""
    found, counts = np.unique(hashes(frame, bad), return_counts=True)
    return found[counts <= _COPIES_MAX].astype("<u8").tobytes()


def are_seen(frame: pd.DataFrame, bad: Floats, learned: bytes) -> NDArray[np.bool_]:
    return np.isin(hashes(frame, bad), np.frombuffer(learned, dtype="<u8").astype(np.uint64))
