"""How much of the way from the matrix to the ranked ids is CatBoost itself, on the same matrix and core."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from domain.market.arrays import Floats
from ml.matchers.ranking import ranked
from ml.matchers.values import WEIGHTS
from ml.models.lean import catboost
from ml.models.matcher import MatchArtefact

ROUNDS = 300
SECONDS_MAX = 2.0


@dataclass(frozen=True)
class MatchingSpeed:
    """Microseconds for one person, medians over interleaved rounds."""

    candidates: int
    ranked: float  # from the matrix to the order
    bare: float  # CatBoost alone: its pool, and both models' predictions

    @property
    def share(self) -> float:
        return self.bare / self.ranked


def measured(model: MatchArtefact, rows: Floats) -> MatchingSpeed:
    def bare() -> None:
        pool = catboost().Pool(rows, thread_count=1)
        model.odds.predict(pool, thread_count=1)
        model.relevance.predict(pool, thread_count=1)

    ways: tuple[Callable[[], object], ...] = (lambda: ranked(model, WEIGHTS, rows, is_scored=True), bare)
    for way in ways:
        way()
    rounds = min(ROUNDS, max(5, int(SECONDS_MAX / (2 * _seconds(bare)))))
    took = [[_seconds(way) for way in ways] for _ in range(rounds)]
    whole, plain = (median(column) * 1e6 for column in zip(*took, strict=True))
    return MatchingSpeed(len(rows), whole, plain)


def _seconds(way: Callable[[], object]) -> float:
    began = perf_counter()
    way()
    return perf_counter() - began
