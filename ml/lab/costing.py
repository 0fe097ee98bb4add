"""What it costs to leave out a column that may have been known only afterwards: figures with it and without it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.books.book import Book
from ml.books.suspicions import EVERYTHING, Suspicion
from ml.figures.metrics import Figures, Ranked, bootstrap_weights
from ml.lab import boosting, logistic
from ml.lab.boosting import TreeGrowth
from ml.lab.calibration import probability
from ml.lab.evaluation import Interval, draws, interval
from ml.lab.splitting import Fold

# One quick model on one split tells what a column is worth; these bound the time.
_COSTED_MAX = 8
_ROWS_MAX = 30_000
_GROWTH = TreeGrowth(depth=4, rate=0.1, trees=120)
_BADS_FOR_TREES = 200


@dataclass(frozen=True)
class Cost:
    """How two models compare that differ in these columns only, on rows that neither has seen. `gain` is what the columns add in AUC."""

    rows: int
    bads: int
    with_it: Figures
    without_it: Figures
    gain: float
    gain_interval: Interval


@dataclass(frozen=True)
class OpenQuestion:
    """What a person has to answer before the model may go live, unless they have."""

    suspicion: Suspicion
    cost: Cost | None = None  # None where there is nothing to compare with

    @property
    def is_open(self) -> bool:
        return bool(self.suspicion.unanswered)

    @property
    def sentence(self) -> str:
        told = f"{self.suspicion.name} may have been known only after the decision: {self.suspicion.why}."
        if self.cost is not None:
            told += (
                f" With it the AUC is {self.cost.with_it.auc:.3f}, without it {self.cost.without_it.auc:.3f}, on "
                f"{self.cost.rows:,} rows that neither model has seen."
            )
        if not self.is_open:
            return f"{told} It stays in, because somebody has said that it was known before."
        meanwhile = (
            "stays in" if not self.suspicion.left_out else f"{' and '.join(self.suspicion.left_out)} is left out"
        )
        return (
            f"{told} Nobody has said which it is: {meanwhile}, and the model can't go live. {_answers(self.suspicion)}"
        )

    def written(self) -> dict[str, Any]:
        """The question as the model card and `--json` hold it."""
        cost = self.cost and {
            "rows": self.cost.rows,
            "bads": self.cost.bads,
            **{f"{name}_with": getattr(self.cost.with_it, name) for name in ("auc", "logloss")},
            **{f"{name}_without": getattr(self.cost.without_it, name) for name in ("auc", "logloss")},
            "auc_gain": self.cost.gain,
            "auc_gain_interval": list(self.cost.gain_interval),
        }
        return {
            "columns": list(self.suspicion.columns),
            "why": self.suspicion.why,
            "unanswered": list(self.suspicion.unanswered),
            "left_out": list(self.suspicion.left_out),
            "cost": cost,
        }


def questions(book: Book, fold: Fold, *, seed: int) -> list[OpenQuestion]:
    """Every suspicion of the book with what its columns cost."""
    wide = book.suspected or book
    left_out = {name for each in book.suspicions for name in each.left_out}
    asked = []
    for number, each in enumerate(book.suspicions):
        with_it = wide.without(left_out - set(each.columns))
        without_it = wide.without(left_out | set(each.columns))
        is_costed = number < _COSTED_MAX and bool(without_it.inputs)
        asked.append(OpenQuestion(each, _cost(with_it, without_it, fold, seed) if is_costed else None))
    return asked


def of_everything(auc: float, *, is_reviewed: bool) -> OpenQuestion:
    """Asked where no single column is at fault, and the model is too good all the same."""
    why = f"an AUC of {auc:.3f} is too good to be true for loans, so some columns together know the outcome"
    return OpenQuestion(Suspicion((EVERYTHING,), why, is_strong=False, unanswered=() if is_reviewed else (EVERYTHING,)))


def _cost(with_it: Book, without_it: Book, fold: Fold, seed: int) -> Cost:
    learn, test = (rows[:_ROWS_MAX] for rows in fold)
    bad, weights = with_it.bad[test], with_it.weights[test]
    chances = [_chances(book.take(learn), book.take(test), seed) for book in (with_it, without_it)]
    first, second = (Ranked(bad, chance) for chance in chances)
    resampled = bootstrap_weights(len(bad), None, draws=min(draws(len(bad)), 200), seed=seed)
    gains = [first.auc(weights * draw) - second.auc(weights * draw) for draw in resampled]
    figures = first.figures(weights), second.figures(weights)
    return Cost(len(bad), int(bad.sum()), *figures, figures[0].auc - figures[1].auc, interval(gains))


def _chances(learn: Book, test: Book, seed: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    if learn.bads >= _BADS_FOR_TREES:
        return probability(boosting.fit(learn, _GROWTH, seed=seed).log_odds(test.matrix()))
    return probability(logistic.fit(learn, ridge=10.0, stiffness=100.0).log_odds(test.matrix()))


def _answers(suspicion: Suspicion) -> str:
    if suspicion.columns == (EVERYTHING,):
        return "Look at what moves the score most; --afterwards COLUMN for what was filled in later, else --known '*'."
    first = suspicion.unanswered[0]
    return f"Answer each with --known {first} or --afterwards {first}."
