"""Honest splits: by time where there is time, by customer where customers repeat, else stratified by outcome."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ml.books.book import Book, Rows

SplitKind = Literal["time", "customer", "stratified"]
Fold = tuple[Rows, Rows]  # rows to train on, rows to test on

FOLDS = 5
# The larger the book, the fewer folds tell enough, and the longer each takes: three, then one held-out fifth.
_FIVE_FOLDS_UP_TO_ROWS = 15_000
_FOLDS_UP_TO_ROWS = 60_000
_SMALL_ROWS = 3_000
_LATEST_SHARE = 0.2
_CLASS_ROWS_MIN = 30


@dataclass(frozen=True)
class BookSplit:
    kind: SplitKind
    folds: tuple[Fold, ...]
    story: str


def outer(book: Book, *, quick: bool = False) -> BookSplit:
    """The split from which every printed figure comes."""
    if book.moments is not None:
        latest = by_time(book)
        if latest is not None:
            return BookSplit("time", (latest,), _time_story(book, latest))
        book.notes.warn("There are too few outcomes in the latest loans to test on them, so the split isn't by time.")
    kind: SplitKind = "customer" if book.description.customer else "stratified"
    if quick or len(book) > _FOLDS_UP_TO_ROWS:
        fold = stratified(book, FOLDS)[0]
        return BookSplit(kind, (fold,), f"one fifth held out ({len(fold[1]):,} rows), {_describe(kind)}")
    count = FOLDS if len(book) <= _FIVE_FOLDS_UP_TO_ROWS else 3
    folds = tuple(stratified(book, count))
    return BookSplit(kind, folds, f"{count}-fold cross-validation over {len(book):,} rows, {_describe(kind)}")


def inner(book: Book, *, repeats: int = 1) -> list[Fold]:
    """The folds in which candidates are compared and calibrated: inside the training rows only."""
    count = 4 if len(book) < _SMALL_ROWS else 3
    return [fold for repeat in range(repeats) for fold in stratified(book, count, draw=1 + repeat)]


def repeats(book: Book) -> int:
    """How often candidates are compared on other folds: in a small book the luck of one deal decides between kinds."""
    return 2 if len(book) < _SMALL_ROWS else 1


def by_time(book: Book) -> Fold | None:
    """The latest fifth against the rest; a moment lies wholly on one side. None if a side lacks outcomes."""
    assert book.moments is not None
    cut = np.quantile(book.moments, 1 - _LATEST_SHARE)
    late = book.moments > cut if (book.moments > cut).any() else book.moments >= cut
    early, test = np.flatnonzero(~late), np.flatnonzero(late)
    if book.groups is not None:
        # Known customers would make the future look easier than it is.
        fresh = test[~np.isin(book.groups[test], book.groups[early])]
        test = fresh if _has_both(book, fresh) else test
    return (early, test) if _has_both(book, early) and _has_both(book, test) else None


def stratified(book: Book, count: int, *, draw: int = 0) -> list[Fold]:
    """`count` folds with equal shares of bads; rows of one group share a fold. Another `draw` deals them otherwise."""
    fold_of = _dealt(book.bad, book.groups, count, np.random.default_rng(draw))
    return [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in range(count)]


def _dealt(bad: NDArray[np.float64], groups: NDArray[np.int64] | None, count: int, rng: np.random.Generator) -> Rows:
    index = np.arange(len(bad)) if groups is None else np.unique(groups, return_inverse=True)[1]
    size = np.bincount(index).astype(float)
    mean = np.bincount(index, weights=bad) / size
    shuffled = rng.permutation(len(size))
    # Dealt like cards, from groups with many bads to those with none, larger groups first.
    order = shuffled[np.lexsort((-size[shuffled], -mean[shuffled]))]
    fold_of_group = np.empty(len(size), dtype=np.intp)
    fold_of_group[order] = np.arange(len(size)) % count
    return fold_of_group[index]


def _has_both(book: Book, rows: Rows) -> bool:
    bads = int(book.bad[rows].sum())
    return min(bads, len(rows) - bads) >= _CLASS_ROWS_MIN


def _time_story(book: Book, fold: Fold) -> str:
    return f"trained on the {len(fold[0]):,} earlier loans, tested on the {len(fold[1]):,} latest by {book.description.time}"


def _describe(kind: SplitKind) -> str:
    return "a customer's loans kept together" if kind == "customer" else "stratified by outcome"
