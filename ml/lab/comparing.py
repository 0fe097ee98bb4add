"""Several models on the same rows of any book: figures with intervals, groups, and paired differences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infra.clock import local_day
from ml.books import duplicates, inputs, seen
from ml.books.describing import Description
from ml.books.findings import Notes
from ml.books.preparing import Cases, cases, sensitive_groups
from ml.figures.metrics import Ranked, bootstrap_weights
from ml.lab import strangers
from ml.lab.calibration import probability
from ml.lab.evaluation import GradeLine, Interval, Judgement, draws, grade_lines, interval, judged
from ml.lab.groups import GroupFigures, by_group
from ml.models.artefact import Artefact

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Judged:
    """One model on the book."""

    name: str
    artefact: Artefact
    log_odds: Floats
    judgement: Judgement
    grades: tuple[GradeLine, ...]
    groups: tuple[GroupFigures, ...]


@dataclass(frozen=True)
class Difference:
    """The second model's figure minus the first's, on the same resampled rows."""

    first: str
    second: str
    figure: str
    value: float
    interval: Interval

    @property
    def is_clear(self) -> bool:
        return self.interval[0] * self.interval[1] > 0


@dataclass(frozen=True)
class Comparison:
    cases: Cases
    models: tuple[Judged, ...]
    differences: tuple[Difference, ...]
    notes: Notes


def compare(
    artefacts: Mapping[str, Artefact],
    table: pd.DataFrame,
    description: Description,
    *,
    notes: Notes | None = None,
    today: date | None = None,
    seed: int = 0,
    only_fresh: bool = False,
    progress: Progress | None = None,
) -> Comparison:
    """`only_fresh`: on the rows that none of the models has learned from. Raises BookRefused when the book is malformed or
    lacks a column that a model needs.
    """
    notes = notes or Notes()
    found = cases(table, description, notes, today or local_day(datetime.now(UTC)))
    frames = {name: inputs.values(artefact.inputs, found.table) for name, artefact in artefacts.items()}
    fresh = _fresh(artefacts, frames, found, notes)
    if only_fresh:
        found = found.only(fresh)
        frames = {name: frame[fresh] for name, frame in frames.items()}
    if not 0 < found.bad.sum() < len(found.bad):
        return Comparison(found, (), (), notes)
    sensitive = sensitive_groups(found.table, description)
    customers = duplicates.groups(found.table, found.table, description, notes) if description.customer else None
    couples = list(combinations(frames, 2))
    tell = progress or (lambda label, share: None)
    models = {}
    for number, (name, frame) in enumerate(frames.items()):
        tell(f"Judging {name}", 0.3 + 0.7 * number / (len(frames) + len(couples)))
        models[name] = _judged(name, artefacts[name], frame, found, sensitive, customers, seed)
    pairs: list[Difference] = []
    for number, (first, second) in enumerate(couples, start=len(frames)):
        tell(f"Comparing {first} with {second}", 0.3 + 0.7 * number / (len(frames) + len(couples)))
        pairs += _differences(models[first], models[second], found, customers, seed)
    return Comparison(found, tuple(models.values()), tuple(pairs), notes)


def _fresh(
    artefacts: Mapping[str, Artefact], frames: Mapping[str, pd.DataFrame], found: Cases, notes: Notes
) -> NDArray[np.bool_]:
    """The rows that none has learned from. The notes warn of the others, and of values that a model never met."""
    fresh = np.ones(len(found.bad), dtype=np.bool_)
    for name, artefact in artefacts.items():
        is_seen = seen.are_seen(frames[name], found.bad, artefact.rows)
        _warn_of_seen(name, artefact, is_seen, found, notes)
        for sentence in strangers.warnings(artefact, frames[name]):
            notes.warn(f"{name}: {sentence}")
        fresh &= ~is_seen
    return fresh


def _warn_of_seen(name: str, artefact: Artefact, is_seen: NDArray[np.bool_], found: Cases, notes: Notes) -> None:
    if artefact.card.get("data", {}).get("hash") == found.data_hash:
        notes.warn(f"{name} was trained on this very book: its figures here flatter it.")
    elif is_seen.any():
        notes.warn(
            f"{name} has learned from {int(is_seen.sum()):,} of these {len(is_seen):,} rows: its figures here flatter it."
        )


def _judged(
    name: str,
    artefact: Artefact,
    frame: pd.DataFrame,
    found: Cases,
    sensitive: pd.DataFrame,
    customers: NDArray[np.int64] | None,
    seed: int,
) -> Judged:
    log_odds = artefact.log_odds(frame.to_numpy(dtype=object))
    return Judged(
        name=name,
        artefact=artefact,
        log_odds=log_odds,
        judgement=judged(found.bad, log_odds, found.weights, customers, seed=seed),
        grades=grade_lines(found.bad, log_odds, found.weights, artefact.cuts),
        groups=tuple(by_group(found.bad, log_odds, found.weights, sensitive, artefact.cuts, seed=seed)),
    )


def _differences(
    first: Judged, second: Judged, found: Cases, customers: NDArray[np.int64] | None, seed: int
) -> list[Difference]:
    ranked = [Ranked(found.bad, probability(each.log_odds)) for each in (first, second)]
    samples: dict[str, list[float]] = {"auc": [], "logloss": []}
    count = draws(len(found.bad))
    for draw in bootstrap_weights(len(found.bad), customers, draws=count, seed=seed):
        before, after = (each.figures(found.weights * draw) for each in ranked)
        for figure, gaps in samples.items():
            gaps.append(getattr(after, figure) - getattr(before, figure))
    return [
        Difference(
            first.name,
            second.name,
            figure,
            getattr(second.judgement.figures, figure) - getattr(first.judgement.figures, figure),
            interval(gaps),
        )
        for figure, gaps in samples.items()
    ]
