"""The candidates: logistic, scorecard and CatBoost, compared on rows that none of them had seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ml.books.book import Book, Rows
from ml.figures.metrics import losses
from ml.lab import boosting, calibration, latest, logistic, scorecard, splitting
from ml.lab.boosting import TreeGrowth
from ml.lab.splitting import Fold
from ml.models.artefact import Kind, Model

Floats = NDArray[np.float64]
Step = Callable[[str], None]

# Fewer bads than this can't feed trees: only the models with few degrees of freedom are tried.
BADS_FOR_TREES = 200
_ALL_FOLDS_UP_TO_ROWS = 15_000
# From the simplest to the least simple.
KINDS: tuple[Kind, ...] = ("scorecard", "logistic", "catboost")
# How hard effects are pulled to zero, and curves to straight lines.
_CURVES = ((30.0, 300.0), (10.0, 100.0), (3.0, 20.0))
_SCORECARD_RIDGES = (3.0, 30.0)


@dataclass(frozen=True)
class Trial:
    """One candidate with its settings, and what it said of the rows it was tested on."""

    kind: Kind
    ridge: float = 0.0
    stiffness: float = 0.0
    growth: TreeGrowth | None = None
    calibration: tuple[float, float] = (0.0, 1.0)
    rows: Rows | None = None
    losses: Floats | None = None  # after calibration
    logloss: float = float("nan")

    @property
    def story(self) -> str:
        if self.growth:
            times = f"{self.growth.bag} times " if self.growth.bag > 1 else ""
            return f"{times}{self.growth.trees} trees of depth {self.growth.depth}, learning rate {self.growth.rate:g}"
        return f"ridge {self.ridge:g}" + (f", stiffness {self.stiffness:g}" if self.stiffness else "")


@dataclass(frozen=True)
class Search:
    """The best trial of each kind, and the one that was chosen."""

    trials: tuple[Trial, ...]
    chosen: Trial
    why: str


def steps(book: Book, kinds: Sequence[Kind] = KINDS) -> int:
    """How many steps a search reports."""
    trees = len(boosting.growths(len(book))) if "catboost" in _able(book, kinds) else 0
    return sum(kind != "catboost" for kind in kinds) + trees + (len(book) > _ALL_FOLDS_UP_TO_ROWS)


def search(book: Book, *, seed: int, step: Step, kinds: Sequence[Kind] = KINDS) -> Search:
    """Try every candidate of these kinds inside the rows of the book, and choose."""
    every = splitting.inner(book, repeats=splitting.repeats(book) if len(kinds) > 1 else 1)
    # One fold of a large book tells candidates apart; the winner alone is then calibrated on all of them.
    folds = every if len(book) <= _ALL_FOLDS_UP_TO_ROWS else every[:1]
    trials = [_tried(kind, book, folds, seed, step) for kind in _able(book, kinds)]
    chosen, why = _choose(trials, book)
    if len(folds) < len(every):
        step("Calibrating")
        better = _calibrated(chosen, book, every, seed)
        trials, chosen = [better if trial is chosen else trial for trial in trials], better
    return Search(tuple(trials), chosen, why)


def train(book: Book, trial: Trial, *, seed: int) -> Model:
    """The trial's model on all rows of the book."""
    if trial.growth:
        return boosting.fit(book, trial.growth, seed=seed)
    if trial.kind == "logistic":
        return logistic.fit(book, ridge=trial.ridge, stiffness=trial.stiffness)
    return scorecard.fit(book, ridge=trial.ridge)


def fitted(book: Book, trial: Trial, *, seed: int) -> tuple[Model, tuple[float, float]]:
    """The trial's model on all rows, and the calibration with which it says the truth about the next ones."""
    model = train(book, trial, seed=seed)
    again = partial(train, trial=trial, seed=seed)
    return model, latest.calibrated(book, model, again, trial.calibration)


def _able(book: Book, kinds: Sequence[Kind]) -> list[Kind]:
    """Few bads rule trees out of a choice; where the kind was chosen before, a part of the book is no reason against it."""
    if len(kinds) == 1:
        return [*kinds]
    return [kind for kind in KINDS if kind in kinds and (kind != "catboost" or book.bads >= BADS_FOR_TREES)]


def _tried(kind: Kind, book: Book, folds: list[Fold], seed: int, step: Step) -> Trial:
    if kind == "catboost":
        return min((_grown(book, folds, growth, seed, step) for growth in boosting.growths(len(book))), key=_loss)
    if kind == "scorecard":
        step("Trying a scorecard")
        return _best(book, folds, [Trial(kind, ridge=ridge) for ridge in _SCORECARD_RIDGES], seed)
    step("Trying a logistic model")
    return _best(book, folds, [Trial(kind, ridge=ridge, stiffness=stiffness) for ridge, stiffness in _CURVES], seed)


def _best(book: Book, folds: list[Fold], trials: list[Trial], seed: int) -> Trial:
    tried = []
    for trial in trials:
        raws = [train(book.take(learn), trial, seed=seed).log_odds(book.take(test).matrix()) for learn, test in folds]
        tried.append(_judged(trial, book, folds, raws))
    return min(tried, key=_loss)


def _grown(book: Book, folds: list[Fold], growth: TreeGrowth, seed: int, step: Step) -> Trial:
    step(f"Growing trees of depth {growth.depth}")
    parts = [(book.take(learn), book.take(test)) for learn, test in folds]
    grown = [
        [boosting.grow(learn, growth, seed=each, watched=test) for each in boosting.seeds(growth, seed)]
        for learn, test in parts
    ]
    # One number of trees for all folds: each fold's own best would flatter the candidate.
    count = int(np.median([boosting.best_tree(trees) for bag in grown for trees in bag]))
    raws = [
        np.mean([boosting.raw(trees, test, count) for trees in bag], axis=0)
        for bag, (_, test) in zip(grown, parts, strict=True)
    ]
    return _judged(Trial("catboost", growth=replace(growth, trees=max(count, 10))), book, folds, raws)


def _calibrated(trial: Trial, book: Book, folds: list[Fold], seed: int) -> Trial:
    """This trial with a calibration from all folds; its log-loss stays that of the comparison."""
    raws = [train(book.take(learn), trial, seed=seed).log_odds(book.take(test).matrix()) for learn, test in folds]
    return replace(trial, calibration=_judged(trial, book, folds, raws).calibration)


def _judged(trial: Trial, book: Book, folds: list[Fold], raws: list[Floats]) -> Trial:
    tested, raw = np.concatenate([test for _, test in folds]), np.concatenate(raws)
    bad, weights = book.bad[tested], book.weights[tested]
    a, b = calibration.fit(raw, bad, weights)
    lost = losses(bad, calibration.probability(a + b * raw))
    # A row that was tested several times counts once, with its mean.
    rows, times = np.unique(tested, return_counts=True)
    means = np.bincount(np.searchsorted(rows, tested), weights=lost) / times
    mean = float(book.weights[rows] @ means / book.weights[rows].sum())
    return replace(trial, calibration=(a, b), rows=rows, losses=means, logloss=mean)


def _choose(trials: list[Trial], book: Book) -> tuple[Trial, str]:
    """The lowest log-loss wins, but a simpler candidate that is within one standard error of it is preferred."""
    best = min(trials, key=_loss)
    for kind in KINDS:
        for trial in trials:
            if trial.kind != kind or trial is best:
                continue
            behind, error = _behind(trial, best, book)
            if KINDS.index(kind) < KINDS.index(best.kind) and behind <= error:
                return trial, (
                    f"{best.kind} has the lowest log-loss, but {kind} is simpler and only {behind:.4f} behind, "
                    f"within one standard error ({error:.4f})"
                )
    return best, f"{best.kind} has the lowest log-loss ({best.logloss:.4f})"


def _behind(trial: Trial, best: Trial, book: Book) -> tuple[float, float]:
    """By how much the mean log-loss of the same rows differs, and the standard error of that."""
    assert trial.losses is not None and best.losses is not None and best.rows is not None
    weights = book.weights[best.rows] / book.weights[best.rows].sum()
    gaps = trial.losses - best.losses
    mean = float(weights @ gaps)
    return mean, float(np.sqrt(weights**2 @ (gaps - mean) ** 2))


def _loss(trial: Trial) -> float:
    return trial.logloss
