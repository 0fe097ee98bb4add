"""The logistic challenger: smooth curves over clipped numbers, and an effect for each of the commoner levels."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from ml.books.book import Book
from ml.lab import regression
from ml.models.additive import Additive, Curve, Levels, Term

Floats = NDArray[np.float64]

# A straight line, whatever the data say; any smaller stiffness lets it bend.
STRAIGHT = 1e6
_KNOTS_AT = np.array([0.005, 0.1, 0.25, 0.5, 0.75, 0.9, 0.995])
_LEVELS_MAX = 60
# More cells than this teach a sum of curves nothing more, and cost minutes.
_CELLS_MAX = 20_000_000


@dataclass(frozen=True)
class _Piece:
    """The regression columns of one input, their penalty, and the term that their coefficients make."""

    columns: Floats
    penalty: Floats
    signs: list[int]
    curve: Curve | None = None
    deviation: float = 1.0
    usual: Floats | None = None  # the mean of each ramp among the known
    levels: tuple[str, ...] = ()

    def term(self, slopes: Floats) -> Term:
        if self.curve is None:
            return Levels({level: float(s) for level, s in zip(self.levels, slopes, strict=True)}, 0.0)
        knots = np.asarray(self.curve.knots)
        rises = slopes[: len(knots) - 1] * np.diff(knots) / self.deviation
        ramps, extra = slopes[: len(knots) - 1], slopes[len(knots) - 1 :]
        missing = float(ramps @ self.usual + extra.sum()) if self.usual is not None else 0.0
        return Curve(self.curve.logarithm, self.curve.knots, [0.0, *map(float, np.cumsum(rises))], missing)


def fit(book: Book, *, ridge: float, stiffness: float = STRAIGHT) -> Additive:
    """Train on the book. `ridge` pulls effects to zero, `stiffness` pulls curves to straight lines."""
    book = _enough(book)
    pieces: list[_Piece | None] = []
    for index, each in enumerate(book.inputs):
        values = book.frame.iloc[:, index].to_numpy()
        made = _number(values, each.monotone, ridge, stiffness) if each.kind == "number" else _category(values, ridge)
        pieces.append(made)
    used = [piece for piece in pieces if piece is not None]
    if not used:
        return Additive(_log_odds(book), [None] * len(pieces))
    intercept, slopes = regression.fit(
        np.column_stack([piece.columns for piece in used]),
        book.bad,
        book.weights,
        penalty=block_diag(*[piece.penalty for piece in used]),
        signs=np.asarray([sign for piece in used for sign in piece.signs], dtype=np.int8),
    )
    terms: list[Term | None] = []
    for piece in pieces:
        count = len(piece.signs) if piece else 0
        terms.append(piece.term(slopes[:count]) if piece else None)
        slopes = slopes[count:]
    return Additive(intercept, terms)


def _enough(book: Book) -> Book:
    rows = _CELLS_MAX // (len(_KNOTS_AT) * len(book.inputs))
    if len(book) <= rows:
        return book
    return book.take(np.sort(np.random.default_rng(0).permutation(len(book))[:rows]))


def _number(values: NDArray[Any], monotone: int, ridge: float, stiffness: float) -> _Piece | None:
    numbers = values.astype(np.float64)
    known = ~np.isnan(numbers)
    if not known.any():
        return None
    logarithm = _is_skewed(numbers[known])
    shaped = np.sign(numbers) * np.log1p(np.abs(numbers)) if logarithm else numbers
    knots = _knots(shaped[known])
    if len(knots) < 2:
        return None
    clipped = np.clip(shaped, knots[0], knots[-1])
    deviation = float(clipped[known].std()) or 1.0
    ramps = np.stack([np.clip(clipped - low, 0, high - low) for low, high in pairwise(knots)], 1)
    # A missing number begins as the known ones are on average; what it differs by is learned, and pulled to nothing.
    columns = np.where(known[:, None], ramps, ramps[known].mean(axis=0)) / deviation
    usual = columns[known].mean(axis=0)
    count = columns.shape[1]
    bends = np.diff(np.eye(count), axis=0)
    penalty = ridge * np.full((count, count), 1 / count**2) + stiffness * bends.T @ bends
    signs = [monotone] * count
    if not known.all():
        columns = np.column_stack([columns, ~known])
        penalty, signs = block_diag(penalty, np.array([[ridge]])), [*signs, 0]
    return _Piece(columns, penalty, signs, Curve(logarithm, list(map(float, knots)), [], 0.0), deviation, usual)


def _knots(numbers: Floats) -> Floats:
    knots = np.unique(np.quantile(numbers, _KNOTS_AT))
    return knots if len(knots) > 1 else np.unique([numbers.min(), numbers.max()])


def _is_skewed(numbers: Floats) -> bool:
    """Whether a long tail would let a few rows steer the slope."""
    clipped = np.clip(numbers, *np.quantile(numbers, [0.005, 0.995]))
    deviation = clipped.std()
    return bool(deviation > 0 and abs(((clipped - clipped.mean()) ** 3).mean() / deviation**3) > 2)


def _category(values: NDArray[Any], ridge: float) -> _Piece | None:
    levels, counts = np.unique(values.astype(str), return_counts=True)
    often = counts >= max(10, 0.002 * len(values))
    chosen = levels[often][np.argsort(-counts[often], kind="stable")][:_LEVELS_MAX]
    if len(levels) < 2 or not len(chosen):
        return None
    columns = np.column_stack([(values == level).astype(np.float64) for level in chosen])
    names = tuple(str(level) for level in chosen)
    return _Piece(columns, ridge * np.eye(len(chosen)), [0] * len(chosen), levels=names)


def _log_odds(book: Book) -> float:
    rate = float(np.clip(book.weights @ book.bad / book.weights.sum(), 1e-6, 1 - 1e-6))
    return float(np.log(rate / (1 - rate)))
