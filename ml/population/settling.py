"""Settling: what people link once all know what the model likes, and the model knows that they do.

A game between who discloses and who judges: what is not shown is worth what it is worth on average of all who do not
show it, those who lack it and those who would rather not (Dye, "Disclosure of nonproprietary information", 1985). It
is found by playing: a model is grown, all choose what it likes best of what they have, and the next one learns of that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.lab import boosting
from ml.lab.boosting import TreeGrowth
from ml.models.boosted import Boosted
from ml.population.choosing import LogOdds, best_links
from ml.population.loans import loan_book, with_flags
from ml.population.people import Flags
from ml.population.simulating import SOURCES, Population

Links = Mapping[str, Flags]

GUESS = TreeGrowth(depth=4, rate=0.2, trees=60)
ROUNDS = 2


@dataclass(frozen=True)
class Chosen:
    """What each links, and the raw log-odds of a model that has not seen them when they do."""

    links: Links
    raw: NDArray[np.float64]


def settled(population: Population, *, seed: int) -> tuple[Links, ...]:
    """The ways to link that a model is to learn from: as people have linked, and as they come to link by playing."""
    links: tuple[Links, ...] = (population.linked,)
    for played in range(ROUNDS):
        links = (population.linked, chosen_by_strangers(population, links, GUESS, seed=seed + played).links)
    return links


def chosen_by_strangers(population: Population, links: Sequence[Links], growth: TreeGrowth, *, seed: int) -> Chosen:
    """Each half chooses by a model that learned from the other: who taught a model what it knows of them would fit it too well."""
    is_second = np.random.default_rng(seed).random(len(population.people)) < 0.5
    chosen, raw = {source: np.zeros(len(is_second), bool) for source in SOURCES}, np.zeros(len(is_second))
    for half in (is_second, ~is_second):
        taught = [{source: linked[source][~half] for source in SOURCES} for linked in links]
        book = loan_book(population.take(np.flatnonzero(~half)), *taught)
        log_odds, part = of_features(boosting.fit(book, growth, seed=seed)), population.take(np.flatnonzero(half))
        best = best_links(part, log_odds)
        raw[half] = log_odds(part.features(best))
        for source in SOURCES:
            chosen[source][half] = best[source]
    return Chosen(chosen, raw)


def first_guess(population: Population, *, seed: int) -> LogOdds:
    """A model of loans as linked, which has never seen anybody choose."""
    return of_features(boosting.fit(loan_book(population, population.linked), GUESS, seed=seed))


def of_features(model: Boosted) -> LogOdds:
    return lambda features: model.log_odds(with_flags(features))
