"""Whether a trained model really keeps its declared directions; CatBoost's promise has failed before (#2272)."""

import numpy as np

from ml.books.book import Book
from ml.models.artefact import Artefact

_ROWS = 200
_VALUES = 12
_TOLERANCE = 1e-9


def broken(artefact: Artefact, book: Book, *, seed: int) -> list[str]:
    """The inputs for which some row's risk moves against the declared direction as the number grows."""
    sample = np.random.default_rng(seed).permutation(len(book))[:_ROWS]
    rows = book.take(np.sort(sample)).matrix()
    found = []
    for index, each in enumerate(artefact.inputs):
        if not each.monotone:
            continue
        known = book.frame.iloc[:, index].dropna().to_numpy(dtype=np.float64)
        swept = []
        for value in np.unique(np.quantile(known, np.linspace(0, 1, _VALUES))) if len(known) else ():
            rows_here = rows.copy()
            rows_here[:, index] = value
            swept.append(artefact.log_odds(rows_here))
        if len(swept) > 1 and (each.monotone * np.diff(np.stack(swept), axis=0) < -_TOLERANCE).any():
            found.append(each.name)
    return found
