"""Numbers that stand for words, such as -9 for "no record" or 365243 for "never"."""

from typing import Any

import numpy as np
import pandas as pd

from ml.books import parsing

_BELOW = (-1, -2, -3, -4, -5, -6, -7, -8, -9, -99, -999, -9999, -99999, -999999, -1111111)
_ABOVE = (
    96,
    97,
    98,
    99,
    995,
    996,
    997,
    998,
    999,
    9995,
    9996,
    9997,
    9998,
    9999,
    99999,
    999999,
    9999999,
    99999999,
    365243,
)
_ROWS_MIN = 3
_FAR = 2.0


def says_nothing(word: str) -> bool:
    """Whether a word of a category stands for nothing known."""
    number = parsing.same_word(word)
    return word.lower() in parsing.UNKNOWNS or number in {str(code) for code in (*_BELOW, *_ABOVE)}


def codes_in(numbers: "pd.Series[float]") -> list[float]:
    """Codes that nobody declared: they lie far from all other values, or below zero where nothing else does."""
    counts: pd.Series[Any] = numbers.value_counts()
    present = counts.index.to_numpy(dtype=np.float64)
    often = {float(value) for value in present[counts.to_numpy() >= _ROWS_MIN]}
    below, above = often & set(_BELOW), often & set(_ABOVE)
    others = present[~np.isin(present, [*below, *above])]
    if len(others) < 2:
        return []
    found = sorted(below) if others.min() >= 0 else []
    # -1 and -2 alone may well be small numbers; as codes they come with a gap or with larger numbers.
    if others.max() < 10 and set(found) <= {-1.0, -2.0}:
        found = []
    return found + [code for code in sorted(above) if code > _FAR * max(others.max(), 0) + 10]
