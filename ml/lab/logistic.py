"""The plain challenger: a logistic regression on clipped, standardised numbers and the commoner levels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.books.book import Book
from ml.lab import regression
from ml.models.additive import Additive, Levels, Line, Term

Floats = NDArray[np.float64]
_LEVELS_MAX = 60


@dataclass(frozen=True)
class _Piece:
    """Some columns of the regression, and how their coefficients become one term."""

    columns: list[Floats]
    signs: list[int]
    line: Line | None = None
    deviation: float = 1.0
    levels: tuple[str, ...] = ()

    def term(self, slopes: Floats) -> Term:
        if self.line is None:
            return Levels(dict(zip(self.levels, map(float, slopes), strict=True)), 0.0)
        missing = float(slopes[1]) if len(slopes) > 1 else 0.0
        known = self.line
        return Line(known.low, known.high, known.logarithm, known.centre, float(slopes[0]) / self.deviation, missing)


def fit(book: Book, *, ridge: float) -> Additive:
    """Train on all rows of the book."""
    pieces: list[_Piece | None] = []
    for index, each in enumerate(book.inputs):
        values = book.frame.iloc[:, index].to_numpy()
        pieces.append(_number(values, each.monotone) if each.kind == "number" else _category(values))
    columns = [column for piece in pieces if piece for column in piece.columns]
    if not columns:
        columns, pieces = [np.zeros(len(book))], [None] * len(book.inputs)
    signs = [sign for piece in pieces if piece for sign in piece.signs] or [0]
    intercept, slopes = regression.fit(
        np.column_stack(columns),
        book.bad,
        book.weights,
        ridge=np.full(len(columns), ridge),
        signs=np.asarray(signs, dtype=np.int8),
    )
    terms: list[Term | None] = []
    for piece in pieces:
        terms.append(piece.term(slopes[: len(piece.columns)]) if piece else None)
        slopes = slopes[len(piece.columns) if piece else 0 :]
    return Additive(intercept, terms)


def _number(values: NDArray[Any], monotone: int) -> _Piece | None:
    numbers = values.astype(np.float64)
    known = ~np.isnan(numbers)
    if not known.any():
        return None
    low, high = (float(cut) for cut in np.quantile(numbers[known], [0.005, 0.995]))
    if low == high:
        low, high = float(numbers[known].min()), float(numbers[known].max())
    clipped = np.clip(numbers, low, high)
    logarithm = _is_skewed(clipped[known])
    if logarithm:
        clipped = np.sign(clipped) * np.log1p(np.abs(clipped))
    centre, deviation = float(clipped[known].mean()), float(clipped[known].std()) or 1.0
    columns, signs = [np.where(known, (clipped - centre) / deviation, 0.0)], [monotone]
    if not known.all():
        columns.append((~known).astype(np.float64))
        signs.append(0)
    return _Piece(columns, signs, Line(low, high, logarithm, centre, 0.0, 0.0), deviation)


def _is_skewed(numbers: Floats) -> bool:
    """Whether a long tail would let a few rows steer the slope."""
    deviation = numbers.std()
    return bool(deviation > 0 and abs(((numbers - numbers.mean()) ** 3).mean() / deviation**3) > 2)


def _category(values: NDArray[Any]) -> _Piece | None:
    levels, counts = np.unique(values.astype(str), return_counts=True)
    often = counts >= max(10, 0.002 * len(values))
    chosen = levels[often][np.argsort(-counts[often], kind="stable")][:_LEVELS_MAX]
    if len(levels) < 2 or not len(chosen):
        return None
    columns = [(values == level).astype(np.float64) for level in chosen]
    return _Piece(columns, [0] * len(chosen), levels=tuple(str(level) for level in chosen))
