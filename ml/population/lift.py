"""Does linking more accounts help? Measured per source, on the same people, with a paired bootstrap."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ml.models.artefact import Artefact
from ml.population.parameters import WORLD, PopulationWorld
from ml.population.simulating import SEED, SOURCES, Population, simulated
from ml.population.training import train_score
from ml.score.fitting import rows_of

Floats = NDArray[np.float64]
DRAWS = 500
PEOPLE_TESTED = 60_000
DRAWING = "Drawing the people anew"
Progress = Callable[[str, float], None]


def silent(label: str, done: float) -> None:
    """The progress of whoever shows none."""


@dataclass(frozen=True)
class Figure:
    """A figure with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Lift:
    """What `added` brings on top of `to`: differences of AUC and of log-loss on the same people. Up is better in both."""

    added: str
    to: tuple[str, ...]
    auc: Figure
    logloss: Figure

    @property
    def helps(self) -> bool:
        """A source whose lower bound is not above zero stays in the shadow."""
        return self.auc.low > 0 and self.logloss.low > 0


@dataclass(frozen=True)
class Lifts:
    people: int
    bads: int
    auc: Mapping[tuple[str, ...], Figure]
    lifts: tuple[Lift, ...]


def on_simulated_people(
    progress: Progress = silent, *, world: PopulationWorld = WORLD, seed: int = SEED, draws: int = DRAWS
) -> Lifts:
    """The built-in recipe, tested on people whom it has not seen and who linked all sources."""
    progress("Simulating people", 0.0)
    learned = simulated(world=world, seed=seed)
    progress("Training the score", 0.05)
    model = train_score(learned, seed=seed)
    progress("Simulating others", 0.3)
    others = simulated(PEOPLE_TESTED, world=world, seed=seed + 1)
    return lifted(
        model, others, seed=seed, draws=draws, progress=lambda label, done: progress(label, 0.35 + 0.65 * done)
    )


def lifted(model: Artefact, population: Population, *, seed: int, draws: int, progress: Progress = silent) -> Lifts:
    tested = np.all([population.linked[source] for source in SOURCES], axis=0) & population.outcome_known
    bad, said = population.bad[tested], {}
    for count in range(1, len(SOURCES) + 1):
        progress(f"Scoring by {count} of {len(SOURCES)} accounts", 0.3 * (count - 1) / len(SOURCES))
        for sources in combinations(SOURCES, count):
            said[sources] = model.log_odds(rows_of(model, population.facts(population.only(sources)))[tested])
    every = bootstrapped(bad, said, seed=seed, draws=draws, progress=lambda done: progress(DRAWING, 0.3 + 0.7 * done))
    lifts = [
        Lift(
            added,
            without,
            auc=_difference(every.auc, tuple(s for s in SOURCES if s in {*without, added}), without),
            logloss=_difference(every.gain, tuple(s for s in SOURCES if s in {*without, added}), without),
        )
        for count in range(1, len(SOURCES))
        for without in combinations(SOURCES, count)
        for added in SOURCES
        if added not in without
    ]
    auc = {sources: figure(values) for sources, values in every.auc.items()}
    return Lifts(int(tested.sum()), int(bad.sum()), auc, tuple(lifts))


@dataclass(frozen=True)
class Bootstrapped:
    """The figures of each candidate: first on the people as they are, then on each draw of them, the same for all."""

    auc: dict[tuple[str, ...], Floats]
    gain: dict[tuple[str, ...], Floats]  # less log-loss: up is better


def bootstrapped(
    bad: NDArray[np.bool_],
    said: Mapping[tuple[str, ...], Floats],
    *,
    seed: int,
    draws: int,
    progress: Callable[[float], None] = lambda done: None,
) -> Bootstrapped:
    rng = np.random.default_rng(seed)
    counts = np.vstack([np.ones(len(bad)), rng.multinomial(len(bad), np.full(len(bad), 1 / len(bad)), draws)])
    auc = {}
    for number, (name, log_odds) in enumerate(said.items(), 1):
        auc[name] = weighted_auc(bad, log_odds, counts)
        progress(number / len(said))
    return Bootstrapped(
        auc=auc,
        gain={name: -(counts @ _losses(bad, log_odds)) / len(bad) for name, log_odds in said.items()},
    )


def weighted_auc(bad: NDArray[np.bool_], log_odds: Floats, counts: Floats) -> Floats:
    """The chance, for each row of `counts`, that a bad person is scored riskier than a good one; ties count half."""
    _, place = np.unique(log_odds, return_inverse=True)
    bads, goods = (np.zeros((len(counts), place.max() + 1)) for _ in range(2))
    for row, weights in enumerate(counts):
        bads[row] = np.bincount(place, weights * bad, minlength=bads.shape[1])
        goods[row] = np.bincount(place, weights * ~bad, minlength=goods.shape[1])
    below = np.cumsum(goods, axis=1) - goods / 2
    return np.asarray((bads * below).sum(axis=1) / (bads.sum(axis=1) * goods.sum(axis=1)))


def _difference(values: Mapping[tuple[str, ...], Floats], more: tuple[str, ...], less: tuple[str, ...]) -> Figure:
    return figure(values[more] - values[less])


def figure(values: Floats) -> Figure:
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return Figure(float(values[0]), float(low), float(high))


def _losses(bad: NDArray[np.bool_], log_odds: Floats) -> Floats:
    return np.asarray(np.logaddexp(0, np.where(bad, -log_odds, log_odds)))
