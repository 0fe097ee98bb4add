"""How far the inputs of the tested rows lie from those of the rows that were learnt from."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.books.book import Book
from ml.figures.metrics import psi
from ml.lab.splitting import Fold

Floats = NDArray[np.float64]


def drifts(book: Book, fold: Fold) -> list[tuple[str, float]]:
    """PSI of each input between the two sides of a split, the largest first."""
    learn, test = fold
    found = []
    for index, each in enumerate(book.inputs):
        cells = book.frame.iloc[:, index].to_numpy()
        found.append((each.name, psi(*_shares(cells[learn], cells[test], each.kind == "category"))))
    return sorted(found, key=lambda pair: -pair[1])


def _shares(before: NDArray[Any], after: NDArray[Any], is_category: bool) -> tuple[Floats, Floats]:
    """Shares of both sides in the levels, or in tenths of the first side; missing is a bin of its own."""
    if is_category:
        levels, codes = np.unique(np.concatenate([before, after]).astype(str), return_inverse=True)
        count = len(levels)
    else:
        numbers, known = np.concatenate([before, after]).astype(np.float64), before.astype(np.float64)
        known = known[~np.isnan(known)]
        edges = np.unique(np.quantile(known, np.arange(1, 10) / 10)) if len(known) else np.empty(0)
        codes = np.where(np.isnan(numbers), len(edges) + 1, np.searchsorted(edges, numbers, side="right"))
        count = len(edges) + 2
    first, second = (np.bincount(part, minlength=count).astype(float) for part in np.split(codes, [len(before)]))
    return first / first.sum(), second / second.sum()
