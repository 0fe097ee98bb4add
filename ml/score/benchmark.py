"""How fast many people are scored, beside bare CatBoost on the same rows and the same core."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import process_time

import numpy as np

from ml.models.artefact import Artefact
from ml.models.boosted import Boosted
from ml.models.lean import catboost
from ml.score.rescoring import Floats, score_many

ROUNDS = 5


@dataclass(frozen=True)
class ScoringSpeed:
    """Microseconds of processor time for each person, medians over interleaved rounds."""

    scored: float  # points, grade and factors
    bare: float  # CatBoost's raw prediction alone
    with_shap: float  # CatBoost's raw prediction and its own Shapley values


def measured(artefact: Artefact, rows: Floats, *, rounds: int = ROUNDS) -> ScoringSpeed:
    """Measure on one core: CatBoost is held to one thread."""
    assert isinstance(artefact.model, Boosted)
    trees, narrow = artefact.model.trees, np.ascontiguousarray(rows, np.float32)

    def bare() -> None:
        trees.predict(narrow, prediction_type="RawFormulaVal", thread_count=1)

    def with_shap() -> None:
        trees.get_feature_importance(catboost().Pool(narrow, thread_count=1), type="ShapValues", thread_count=1)

    ways: tuple[Callable[[], object], ...] = (lambda: score_many(artefact, rows), bare, with_shap)
    for way in ways:
        way()
    took = [[_seconds(way) for way in ways] for _ in range(rounds)]
    scored, plain, shap = (median(column) * 1e6 / len(rows) for column in zip(*took, strict=True))
    return ScoringSpeed(scored, plain, plain + shap)


def _seconds(way: Callable[[], object]) -> float:
    began = process_time()
    way()
    return process_time() - began
