"""Does hiding an account pay? Simulated people choose what to link, or unlink what harms them; what grades promise is held against it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import permutations
from math import sqrt
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray

from domain.facts import leaving, open_readings
from domain.facts.counting_on import source_of
from domain.facts.open_readings import Opened
from domain.facts.sheets import FactSheet
from ml.models.artefact import Artefact
from ml.models.scale import pd_of
from ml.population.choosing import PATTERNS, best_links
from ml.population.loans import with_flags
from ml.population.people import Flags, Numbers
from ml.population.settling import Links, first_guess
from ml.population.simulating import SEED, SOURCES, Population, simulated
from ml.population.training import train_score
from ml.score.rescoring import grades_of_all, points_of_all
from ml.score.scoring import points_with

PEOPLE = 48_000  # half of them teach the model, the others are tested
ASKED = 300  # of those tested, whom the live rule is asked about: each of their accounts, in every order
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACCOUNTS = {source: uuid5(UUID(int=0), source) for source in SOURCES}

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class ToldRisk:
    """`promised`: the mean probability of default that these were told; `low` and `high`: where the rate may lie by chance.

    In 95 of 100 such halves, were the promise true: both the half that taught it and the half that is tested are drawn.
    """

    share: float
    promised: float
    low: float
    high: float
    observed: float


@dataclass(frozen=True)
class GradeRisk(ToldRisk):
    """`cut`: the highest probability that the grade allows."""

    grade: str
    cut: float


@dataclass(frozen=True)
class LinksLine(ToldRisk):
    """People who linked these accounts and no others. `moved_up`: the share of them who would have a lower grade if they
    had linked all that they could."""

    links: tuple[str, ...]
    moved_up: float


@dataclass(frozen=True)
class Scene:
    """What people do, and what comes of it. `moved_up`: the share whose grade is better for it."""

    name: str
    people: int
    moved_up: float
    moved_up_of_d: float
    grades: tuple[GradeRisk, ...]
    links: tuple[LinksLine, ...] = ()  # where people chose what to link


def on_simulated_people(
    progress: Progress = lambda story, done: None, *, people: int = PEOPLE, asked: int = ASKED, seed: int = SEED
) -> tuple[Scene, ...]:
    """Measured on the half that the model has not seen, whose outcome is known: before the mend and after it."""
    progress("Simulating people", 0.0)
    whole = simulated(people, seed=seed)
    learn, test = whole.take(np.arange(people // 2)), whole.take(np.arange(people // 2, people))
    test = test.take(np.flatnonzero(test.outcome_known))
    progress("Training the score", 0.1)
    model = train_score(learn, seed=seed)
    naive = first_guess(learn, seed=seed)
    progress("Letting people choose", 0.5)
    scenes = [
        *_choosing(test, naive, model, "a model that never saw people choose"),
        *_choosing(test, lambda features: model.log_odds(with_flags(features)), model, "the model"),
    ]
    few = test.take(np.random.default_rng(seed).permutation(len(test.people))[:asked])
    return (*scenes, *_unlinking(few, model, lambda done: progress("Unlinking, in every order", 0.6 + 0.4 * done)))


def _choosing(test: Population, log_odds: Callable[[Numbers], Numbers], model: Artefact, by: str) -> list[Scene]:
    as_linked = _points(log_odds(test.features()))
    best = best_links(test, log_odds)
    chosen = _points(log_odds(test.features(best)))
    return [
        _scene(f"all link what they have; {by}", model, test, as_linked, as_linked, test.linked),
        _scene(f"all link only what helps; {by}", model, test, as_linked, chosen, best),
    ]


def _unlinking(test: Population, model: Artefact, progress: Callable[[float], None]) -> list[Scene]:
    """Each unlinks, in the best order, until nothing more helps; with the rule and without it."""
    before, without, ruled = [], [], []
    for index in range(len(test.people)):
        told = opened_by(test, index)
        before.append(points_with(model, open_readings.drawn_from(told, NOW)))
        without.append(_best(model, told, is_ruled=False))
        ruled.append(_best(model, told, is_ruled=True))
        progress((index + 1) / len(test.people))
    kept = _on_scale(before)
    return [
        _scene("all unlink what harms them; nothing counts on", model, test, kept, _on_scale(without)),
        _scene("all unlink what harms them; debts and points count on", model, test, kept, _on_scale(ruled)),
    ]


def opened_by(test: Population, index: int) -> list[Opened]:
    """What each account that this person linked tells, as it would be read."""
    return [
        Opened(
            source,
            [
                [name, float(of[index]), NOW.isoformat()]
                for name, of in test.seen[source].items()
                if of[index] == of[index]
            ],
            True,
        )
        for source in SOURCES
        if test.linked[source][index]
    ]


def _best(model: Artefact, told: Sequence[Opened], *, is_ruled: bool) -> int:
    """The most points that unlinking leads to while something stays linked."""
    found = [points_with(model, open_readings.drawn_from(told, NOW))]
    for order in permutations([each.source for each in told]):
        now = list(told)
        for source in order[:-1]:
            left = (
                leaving.left_behind(now, ACCOUNTS[source], source, None, NOW, weigh_with(model)) if is_ruled else None
            )
            now = [each for each in now if each.source not in (source, source_of(ACCOUNTS[source]))]
            now += [left] if left else []
            found.append(points_with(model, open_readings.drawn_from(now, NOW)))
    return max(found)


def weigh_with(model: Artefact) -> leaving.Weigh:
    def weigh(before: FactSheet, after: FactSheet) -> int:
        return points_with(model, after) - points_with(model, before)

    return weigh


def _points(log_odds: Numbers) -> Numbers:
    return np.rint(points_of_all(log_odds))


def _on_scale(points: Sequence[int]) -> Numbers:
    return np.asarray(points, dtype=float)


def _scene(
    name: str, model: Artefact, test: Population, before: Numbers, after: Numbers, links: Links | None = None
) -> Scene:
    was, is_now = (grades_of_all(model, points.astype(np.int64)) for points in (before, after))
    up, promised = is_now < was, np.array([pd_of(p) for p in after])
    return Scene(
        name=name,
        people=len(up),
        moved_up=float(up.mean()),
        moved_up_of_d=float(up[was == "D"].mean()) if (was == "D").any() else 0.0,
        grades=tuple(_grades(model, is_now, promised, test.bad)),
        links=tuple(_patterns(links, up, promised, test.bad)) if links else (),
    )


def _grades(model: Artefact, grades: NDArray[np.str_], promised: Numbers, bad: Flags) -> Iterator[GradeRisk]:
    cuts: Mapping[str, float] = {"A": model.cuts.a, "B": model.cuts.b, "C": model.cuts.c, "D": 1.0}
    for grade, cut in cuts.items():
        if (here := np.asarray(grades == grade)).any():
            yield GradeRisk(*_promise(here, promised, bad), grade=grade, cut=cut)


def _patterns(links: Links, up: Flags, promised: Numbers, bad: Flags) -> Iterator[LinksLine]:
    for pattern in PATTERNS:
        here = np.all([links[source] == (source in pattern) for source in SOURCES], axis=0)
        if here.any():
            yield LinksLine(*_promise(here, promised, bad), links=pattern, moved_up=float(up[here].mean()))


def _promise(here: Flags, promised: Numbers, bad: Flags) -> tuple[float, float, float, float, float]:
    told, count = promised[here], int(here.sum())
    slack = 1.96 * sqrt(2 * float(told @ (1 - told))) / count
    mean = float(told.mean())
    return count / len(here), mean, max(mean - slack, 0.0), min(mean + slack, 1.0), float(bad[here].mean())
