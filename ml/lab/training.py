"""Training: a described loan book becomes an artefact, with figures from rows that the model did not see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from time import perf_counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.books import alone, seen
from ml.books.book import Book, Rows
from ml.books.describing import Description
from ml.books.findings import Notes
from ml.books.preparing import prepare
from ml.books.suspicions import EVERYTHING
from ml.figures.drift import STOP_FROM
from ml.lab import calibration, candidates, costing, directions, drifting, splitting
from ml.lab.candidates import Search, Trial
from ml.lab.carding import card_of, profile_of
from ml.lab.costing import OpenQuestion
from ml.lab.evaluation import GradeLine, Judgement, grade_lines, judged
from ml.lab.splitting import BookSplit
from ml.models.artefact import Artefact

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]

_APPROVED_ROWS_MIN = 50
_REFERENCE_ROWS_MAX = 20_000


@dataclass(frozen=True)
class Report:
    """What is known of a model after training. Every figure comes from held-out rows."""

    book: Book
    split: BookSplit
    search: Search
    judgement: Judgement
    grades: tuple[GradeLine, ...]
    rows: Rows  # the held-out rows, as positions in the book
    log_odds: Floats  # what a model that hadn't seen them said of them
    questions: tuple[OpenQuestion, ...]
    seconds: float
    notes: Notes = field(default_factory=Notes)


@dataclass(frozen=True)
class Trained:
    artefact: Artefact
    report: Report


def train(
    table: pd.DataFrame,
    description: Description,
    *,
    seed: int = 20_261_122,
    progress: Progress | None = None,
    today: date | None = None,
    quick: bool = False,
    notes: Notes | None = None,
) -> Trained:
    """Check, split, search, calibrate, test and refit. Raises BookRefused; `quick` tests on one held-out fifth only."""
    began = perf_counter()
    tell = progress or (lambda label, share: None)
    tell("Checking the book", 0.0)
    book = prepare(table, description, notes=notes, today=today).in_order()
    _warn_of_few_bads(book)
    split = splitting.outer(book, quick=quick)
    stepped = _Steps(tell, total=_steps(book, split))
    asked = costing.questions(book, split.folds[0], seed=seed)
    # The kind is chosen once, so that every figure is of the kind that ships.
    is_folded = len(split.folds) > 1
    search = candidates.search(book if is_folded else book.take(split.folds[0][0]), seed=seed, step=stepped)
    rows, log_odds = _tested(book, split, search, seed, stepped)
    stepped("Refitting on all rows")
    artefact = _final(book, search.chosen, seed)
    for name in directions.broken(artefact, book, seed=seed):
        book.notes.warn(f"The model doesn't keep the direction that was declared for {name}.")
    held_out = book.take(rows)
    judgement = judged(held_out.bad, log_odds, held_out.weights, held_out.groups, seed=seed)
    questions = _questions(book, judgement, asked)
    _warn_of_figures(book, split, judgement)
    grades = grade_lines(held_out.bad, log_odds, held_out.weights, artefact.cuts)
    artefact = replace(artefact, profile=profile_of(book, artefact))
    _warn_of_the_never_lacked(book, artefact)
    artefact = replace(artefact, card=card_of(book, split, search, judgement, grades, questions, seed))
    tell("Done", 1.0)
    seconds = perf_counter() - began
    report = Report(book, split, search, judgement, grades, rows, log_odds, questions, seconds, book.notes)
    return Trained(artefact, report)


def _questions(book: Book, judgement: Judgement, asked: Sequence[OpenQuestion]) -> tuple[OpenQuestion, ...]:
    """What was asked of single columns, and whether all of them together know too much. The notes warn of each."""
    auc, reviewed = judgement.figures.auc, book.description.reviewed
    too_much = [costing.of_everything(auc, is_reviewed=EVERYTHING in reviewed)] if auc > alone.TOO_MUCH else []
    for question in (*asked, *too_much):
        book.notes.warn(question.sentence)
    return (*asked, *too_much)


def _steps(book: Book, split: BookSplit) -> int:
    """How many steps there are at most: the folds' searches are of one kind."""
    folds = len(split.folds)
    of_folds = folds * max(candidates.steps(book, (kind,)) for kind in candidates.KINDS) if folds > 1 else 0
    return candidates.steps(book) + of_folds + folds + 1


def _tested(book: Book, split: BookSplit, search: Search, seed: int, step: "_Steps") -> tuple[Rows, Floats]:
    """Choose, train and calibrate without each fold's test rows; then ask about those rows."""
    rows, log_odds, kind = [], [], search.chosen.kind
    for learn, test in split.folds:
        part = book.take(learn)
        found = search if len(split.folds) == 1 else candidates.search(part, seed=seed, step=step, kinds=(kind,))
        step("Testing on rows it hasn't seen")
        model, (a, b) = candidates.fitted(part, found.chosen, seed=seed)
        rows.append(test)
        log_odds.append(a + b * model.log_odds(book.take(test).matrix()))
    return np.concatenate(rows), np.concatenate(log_odds)


def _final(book: Book, trial: Trial, seed: int) -> Artefact:
    model, fitted = candidates.fitted(book, trial, seed=seed)
    plain = Artefact(
        kind=trial.kind,
        inputs=book.inputs,
        model=model,
        calibration=fitted,
        simulated=book.description.simulated,
        cuts=book.description.cuts,
    )
    return replace(plain, reference=_reference(plain, book, seed), rows=seen.learned(book.frame, book.bad))


def _reference(artefact: Artefact, book: Book, seed: int) -> tuple[float, ...]:
    """The mean contribution of each input among people whom grades A to C approve, or else the better half."""
    sample = np.random.default_rng(seed).permutation(len(book))[:_REFERENCE_ROWS_MAX]
    rows = book.take(np.sort(sample)).matrix()
    contributions = artefact.contributions(rows)
    chances = calibration.probability(contributions.sum(axis=1))
    approved = chances <= artefact.cuts.c
    if approved.sum() < _APPROVED_ROWS_MIN:
        approved = chances <= np.median(chances)
    return tuple(float(mean) for mean in contributions[approved, :-1].mean(axis=0))


def _warn_of_few_bads(book: Book) -> None:
    if book.bads < candidates.BADS_FOR_TREES:
        book.notes.warn(
            f"There are only {book.bads} bad loans, fewer than {candidates.BADS_FOR_TREES}: only a scorecard and a "
            "logistic model are tried, and every figure is wide open."
        )


def _warn_of_the_never_lacked(book: Book, artefact: Artefact) -> None:
    names = [each.name for each in book.inputs if each.fact and each.name in artefact.never_lacked]
    if names:
        book.notes.warn(
            f"Hardly any loan lacks {', '.join(names)}, so the model cannot judge people of whom these are unknown: they "
            "get no score from it."
        )


def _warn_of_figures(book: Book, split: BookSplit, judgement: Judgement) -> None:
    if not judgement.is_calibrated:
        book.notes.warn(
            f"The probabilities are further from the truth (ECE {judgement.figures.ece:.4f}) than chance explains "
            f"(up to {judgement.noise[1]:.4f})."
        )
    moved = [f"{name} {psi:.2f}" for name, psi in drifting.drifts(book, split.folds[0]) if psi > STOP_FROM]
    if split.kind == "time" and moved:
        book.notes.warn(f"The latest loans differ from the earlier ones (PSI above {STOP_FROM}): {', '.join(moved)}.")


class _Steps:
    """Counts steps into a share of the whole."""

    def __init__(self, tell: Progress, total: int) -> None:
        self._tell, self._total, self._done = tell, total, 0

    def __call__(self, label: str) -> None:
        self._done += 1
        self._tell(label, min(0.05 + 0.93 * (self._done - 1) / self._total, 0.98))


__all__ = ["Progress", "Report", "Trained", "train"]
