"""The classic challenger: inputs cut into bins, each worth its weight of evidence, and a regression on those."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.books.book import Book
from ml.lab import regression
from ml.models.additive import Additive, Levels, Steps, Term

Floats = NDArray[np.float64]
_BINS_MAX = 5
# A bin's bad rate is mixed with that many rows at the average rate, so that small bins claim little.
_PRIOR_ROWS = 50.0


def fit(book: Book, *, ridge: float) -> Additive:
    """Train on all rows of the book."""
    rate = float(book.weights @ book.bad / book.weights.sum())
    evidence = [
        _number(book, index, rate) if each.kind == "number" else _category(book, index, rate)
        for index, each in enumerate(book.inputs)
    ]
    columns = np.column_stack([term.effects(book.frame.iloc[:, i].to_numpy()) for i, term in enumerate(evidence)])
    spread = columns.std(axis=0)
    intercept, slopes = regression.fit(
        columns,
        book.bad,
        book.weights,
        # Evidence isn't standardised; an equal pull on all needs the square of its spread.
        penalty=np.diag(ridge * np.maximum(spread**2, 1e-6)),
        # More evidence of risk may never lower the risk: that is what keeps a scorecard readable.
        signs=np.ones(columns.shape[1], dtype=np.int8),
    )
    return Additive(intercept, [_scaled(term, float(slope)) for term, slope in zip(evidence, slopes, strict=True)])


def _number(book: Book, index: int, rate: float) -> Steps:
    numbers = book.frame.iloc[:, index].to_numpy(dtype=np.float64)
    known = ~np.isnan(numbers)
    missing = _evidence(book.bad[~known], book.weights[~known], rate)
    edges = _edges(numbers[known], book.bad[known], book.weights[known], book.inputs[index].monotone)
    bins = np.searchsorted(edges, numbers[known], side="right")
    values = [
        _evidence(book.bad[known][bins == i], book.weights[known][bins == i], rate) for i in range(len(edges) + 1)
    ]
    way = book.inputs[index].monotone
    if way:
        # Small bins are drawn to the average, which can undo the direction that the tree kept.
        rising = way * np.asarray(values)
        values = (way * (np.maximum.accumulate(rising) + np.minimum.accumulate(rising[::-1])[::-1]) / 2).tolist()
    return Steps([float(edge) for edge in edges], values, missing)


def _edges(numbers: Floats, bad: Floats, weights: Floats, monotone: int) -> Floats:
    """The edges at which a small decision tree cuts the numbers; along the declared direction, if any."""
    from sklearn.tree import DecisionTreeClassifier

    if len(numbers) < 40 or np.ptp(numbers) == 0 or bad.min() == bad.max():
        return np.empty(0)
    tree = DecisionTreeClassifier(
        max_leaf_nodes=_BINS_MAX,
        min_samples_leaf=max(20, int(0.03 * len(numbers))),
        monotonic_cst=[monotone],
        random_state=0,
    ).fit(numbers.reshape(-1, 1), bad, sample_weight=weights)
    cuts = tree.tree_.threshold[tree.tree_.children_left != -1]
    return np.unique(np.asarray(cuts, dtype=np.float64))


def _category(book: Book, index: int, rate: float) -> Levels:
    values = book.frame.iloc[:, index].to_numpy()
    levels, codes = np.unique(values.astype(str), return_inverse=True)
    rows = np.bincount(codes, weights=book.weights)
    bads = np.bincount(codes, weights=book.weights * book.bad)
    return Levels({str(lv): _log_odds_over(b, n, rate) for lv, b, n in zip(levels, bads, rows, strict=True)}, 0.0)


def _evidence(bad: Floats, weights: Floats, rate: float) -> float:
    return _log_odds_over(float(weights @ bad), float(weights.sum()), rate)


def _log_odds_over(bads: float, rows: float, rate: float) -> float:
    """How far the log-odds of a bin lie above those of the book."""
    local = (bads + _PRIOR_ROWS * rate) / (rows + _PRIOR_ROWS)
    return float(np.log(local / (1 - local)) - np.log(rate / (1 - rate)))


def _scaled(term: Any, slope: float) -> Term | None:
    if slope == 0:
        return None
    if isinstance(term, Steps):
        return Steps(term.edges, [slope * value for value in term.values], slope * term.missing)
    return Levels({level: slope * value for level, value in term.values.items()}, slope * term.other)
