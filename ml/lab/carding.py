"""The model card and the training profile that go into an artefact."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from ml.books.book import Book
from ml.books.inputs import commonest
from ml.lab import latest, strangers
from ml.lab.candidates import Search
from ml.lab.costing import OpenQuestion
from ml.lab.evaluation import GradeLine, Judgement
from ml.lab.splitting import BookSplit
from ml.models.artefact import Artefact

_BINS = 10
_LEVELS = 30


def card_of(
    book: Book,
    split: BookSplit,
    search: Search,
    judgement: Judgement,
    grades: tuple[GradeLine, ...],
    asked: Sequence[OpenQuestion],
    seed: int,
) -> dict[str, Any]:
    """What a reader needs before trusting the model. Holds no wall-clock time: the same training has the same hash."""
    return {
        "data": _data_of(book),
        "figures": asdict(judgement.figures),
        "intervals": judgement.intervals,
        "ece_noise": judgement.noise,
        "figures_come_from": source(split, search),
        "calibrated_on": latest.story(book),
        "split": split.kind,
        "grades": [asdict(line) for line in grades],
        "candidates": [
            {"kind": trial.kind, "settings": trial.story, "logloss": trial.logloss} for trial in search.trials
        ],
        "chosen_because": search.why,
        "sensitive": list(book.description.sensitive),
        "sensitive_used": book.description.use_sensitive,
        "left_out": book.notes.left_out,
        "leaks": book.notes.leaks,
        "questions": [question.written() for question in asked],
        "known_before": list(book.description.reviewed),
        "known_afterwards": list(book.description.exclude),
        "warnings": book.notes.warnings,
        "seed": seed,
    }


def _data_of(book: Book) -> dict[str, Any]:
    return {
        "hash": book.data_hash,
        "rows": len(book),
        "bads": book.bads,
        "rejects_left_out": book.rejects,
        **({"sources": dict(book.sources)} if book.sources else {}),
        "target": book.description.target,
        "bad": list(book.description.bad),
        "simulated": book.description.simulated,
    }


def source(split: BookSplit, search: Search) -> str:
    """Where the figures come from: always of the kind of model that ships."""
    kind = search.chosen.kind
    if len(split.folds) > 1:
        return f"{split.story}; each fold by a {kind} model, settings and calibration included, that had not seen it"
    return f"{split.story}; by the same {kind} model before it learned from the tested rows too"


def profile_of(book: Book, artefact: Artefact) -> dict[str, Any]:
    """Shares per bin of each input and of the score in training, from which drift is told."""
    inputs = {}
    for index, each in enumerate(book.inputs):
        cells = book.frame.iloc[:, index]
        if each.kind == "category":
            levels = commonest(cells)[:_LEVELS]
            shares = [count / len(cells) for _, count in levels]
            inputs[each.name] = {"levels": [level for level, _ in levels], "shares": shares}
        else:
            numbers = cells.to_numpy(dtype=np.float64)
            inputs[each.name] = _binned(numbers) | strangers.spread(numbers)
    return {"inputs": inputs, "log_odds": _binned(artefact.log_odds(book.matrix()))}


def _binned(numbers: Any) -> dict[str, Any]:
    """Ten bins of equal mass where values allow it; the last share is that of missing values."""
    known = numbers[~np.isnan(numbers)]
    edges = np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS)) if len(known) else np.empty(0)
    cuts = [float(edge) for edge in edges]
    return {"edges": cuts, "shares": [float(share) for share in strangers.shares(numbers, cuts)]}
