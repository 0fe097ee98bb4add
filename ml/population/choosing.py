"""Choosing: people who know beforehand what scores them best, and link that alone."""

from collections.abc import Callable
from itertools import combinations

import numpy as np

from ml.models.features import FEATURES, STANDARD, Matrix
from ml.population.people import Flags, Numbers
from ml.population.simulating import SOURCES, Population
from ml.score.fitting import GROUPS_MIN, KNOWN_MIN

PATTERNS = [some for count in range(1, len(SOURCES) + 1) for some in combinations(SOURCES, count)]
LogOdds = Callable[[Matrix], Numbers]


def best_links(population: Population, log_odds: LogOdds) -> dict[str, Flags]:
    """What the model, of all that each could link, holds to be safest; all of it where no part gives a score.

    `log_odds` takes the standard features.
    """
    risk = np.stack([_risk(population, log_odds, pattern) for pattern in PATTERNS])
    chosen = np.where(np.isfinite(risk).any(axis=0), risk.argmin(axis=0), -1)
    return {
        source: np.where(
            chosen < 0,
            population.linked[source],
            np.isin(chosen, [place for place, pattern in enumerate(PATTERNS) if source in pattern]),
        )
        for source in SOURCES
    }


def _risk(population: Population, log_odds: LogOdds, pattern: tuple[str, ...]) -> Numbers:
    """Infinite for whom these accounts are not there, or tell too little for a score."""
    could = np.all([population.linked[source] for source in pattern], axis=0)
    features = population.features({s: population.linked[s] & (s in pattern) for s in SOURCES})
    return np.where(could & ~too_little(features), log_odds(features), np.inf)


def too_little(features: Matrix) -> Flags:
    """Whether too little is known, as a live score withholds itself."""
    known = ~np.isnan(features)
    groups = [known[:, [FEATURES[name].group is group for name in STANDARD]].any(axis=1) for group in _groups()]
    return np.asarray((known.sum(axis=1) < KNOWN_MIN) | (np.sum(groups, axis=0) < GROUPS_MIN))


def _groups() -> list[object]:
    return list(dict.fromkeys(FEATURES[name].group for name in STANDARD))
