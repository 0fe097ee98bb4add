"""What the page shows of a training: curves, distributions, drift and importances, computed from held-out rows."""

import numpy as np
from numpy.typing import NDArray

from ml.books.book import Book
from ml.figures.drift import LOOK_FROM, STOP_FROM
from ml.figures.metrics import calibration_bins
from ml.lab.calibration import probability
from ml.lab.training import Trained
from ml.models.scale import HIGHEST, LOWEST, POINTS_PER_LOG_ODDS, points_of
from ml.report import charts

Floats = NDArray[np.float64]

_ROC_POINTS = 150
_POINTS_STEP = 20
_IMPORTANCE_ROWS = 5_000
_SHOWN = 15


def roc(bad: Floats, log_odds: Floats, weights: Floats) -> str:
    order = np.argsort(-log_odds, kind="stable")
    caught, troubled = np.cumsum((weights * bad)[order]), np.cumsum((weights * (1 - bad))[order])
    picked = np.unique(np.linspace(0, len(order) - 1, _ROC_POINTS).astype(int))
    spots = [(0.0, 0.0), *((float(troubled[i] / troubled[-1]), float(caught[i] / caught[-1])) for i in picked)]
    return charts.lines(
        [("ROC", spots)], x="good loans above the cut", y="bad loans above the cut", diagonal=True, percent=True
    )


def calibration(bad: Floats, log_odds: Floats, weights: Floats) -> str:
    bins = calibration_bins(bad, probability(log_odds), weights)
    spots = [(each.pd, each.bad_rate) for each in bins]
    reach = charts.rounded_up(max(max(pair) for pair in spots) * 1.02)
    return charts.lines(
        [("Tenths of the book", spots)],
        x="predicted probability of default",
        y="observed bad rate",
        limit=(reach, reach),
        diagonal=True,
        dots=True,
        percent=True,
    )


def distribution(bad: Floats, log_odds: Floats, weights: Floats) -> str:
    slope = points_of(0.0) - points_of(1.0)
    points = np.clip(points_of(0.0) - slope * log_odds, LOWEST, HIGHEST - 1)
    edges = np.arange(LOWEST, HIGHEST + 1, _POINTS_STEP)
    shares = []
    for name, mass in (("good", weights * (1 - bad)), ("bad", weights * bad)):
        counts, _ = np.histogram(points, edges, weights=mass)
        shares.append((name, (counts / max(mass.sum(), 1e-12)).tolist()))
    return charts.histogram(edges.tolist(), shares, x="points", y="share of its class")


def drift_chart(found: list[tuple[str, float]]) -> str:
    # A bar beyond 1 says no more than one of 1; the number at its end does.
    rows = [(name, min(value, 1.0), f"{value:.3f}") for name, value in found[:_SHOWN]]
    reach = max((value for _, value in found), default=0.0)
    marks = [(LOOK_FROM, "look")] + ([(STOP_FROM, "stop")] if reach > LOOK_FROM else [])
    return charts.bars(rows, marks=marks, label="PSI per input")


def importances(trained: Trained) -> list[tuple[str, float]]:
    """How many points each column moves a score on average; a flag counts for its column."""
    artefact, book = trained.artefact, trained.report.book
    effects = np.abs(artefact.contributions(_sample(book).matrix())[:, :-1]).mean(axis=0) * POINTS_PER_LOG_ODDS
    by_column: dict[str, float] = {}
    for each, effect in zip(artefact.inputs, effects, strict=True):
        by_column[each.column] = by_column.get(each.column, 0.0) + float(effect)
    return sorted(by_column.items(), key=lambda pair: -pair[1])


def importance_chart(found: list[tuple[str, float]]) -> str:
    return charts.bars([(name, value, f"{value:.1f}") for name, value in found[:_SHOWN]], label="Points per column")


def _sample(book: Book) -> Book:
    if len(book) <= _IMPORTANCE_ROWS:
        return book
    return book.take(np.sort(np.random.default_rng(0).permutation(len(book))[:_IMPORTANCE_ROWS]))
