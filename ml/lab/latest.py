"""Calibration for the loans that come next: where loans have a time, on the latest of them."""

from collections.abc import Callable

from ml.books.book import Book
from ml.lab import calibration, splitting
from ml.models.artefact import Model

Platt = tuple[float, float]

# With fewer of either outcome in the latest loans, these only set the level, and all loans the slope.
_CLASS_FOR_SLOPE = 100


def calibrated(book: Book, model: Model, train: Callable[[Book], Model], usual: Platt) -> Platt:
    """`usual`, or for a book with times: a slope from the latest loans by a model that has not seen them, and the level at
    which `model`, which has seen all, says as many of the latest as went bad.

    Rates of default rise and fall with the years. The mean of all years is the truth of none of them.
    """
    fold = None if book.moments is None else splitting.by_time(book)
    if fold is None:
        return usual
    early, late = book.take(fold[0]), book.take(fold[1])
    slope = usual[1]
    if min(late.bads, len(late) - late.bads) >= _CLASS_FOR_SLOPE:
        _, slope = calibration.fit(train(early).log_odds(late.matrix()), late.bad, late.weights)
    return calibration.level(slope * model.log_odds(late.matrix()), late.bad, late.weights), slope


def story(book: Book) -> str:
    """From which rows the calibration comes."""
    if book.moments is not None and splitting.by_time(book) is not None:
        return f"the latest loans by {book.description.time}"
    return "rows that the model had not seen"
