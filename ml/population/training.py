"""Training the built-in score model on the simulated population: CatBoost, one fixed recipe, no search."""

from dataclasses import asdict, replace
from hashlib import sha256

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.books.book import Book
from ml.books.describing import Description
from ml.lab import boosting, calibration
from ml.lab.boosting import Growth
from ml.lab.carding import profile_of
from ml.lab.evaluation import judged
from ml.models.artefact import Artefact, Input
from ml.models.features import FEATURES, STANDARD
from ml.population.people import Flags
from ml.population.simulating import Population, pattern_of
from ml.score.explaining import explained

Floats = NDArray[np.float64]

TARGET = "bad"
GROWTH = Growth(depth=4, rate=0.07, trees=200)
TEST_SHARE = 0.25

# Trees read a missing number as the smallest. Where more is held to be better, that alone would make the unknown the
# worst of all; these let it be itself. One for each set of facts that comes and goes together.
FLAGS = tuple(
    Input(f"{name} = missing", column=name, code="", low=0.0, high=1.0)
    for name in (
        "social.address_stability_months",
        "repayment.worst_delay_days",
        "repayment.bills_on_time_rate",
        "income.monthly_inflow",
        "income.buffer_days",
        "credit.utilisation",
        "shopping.return_rate",
    )
)

DESCRIPTION = Description(
    target=TARGET,
    bad=("1",),
    monotone={name: 1 if FEATURES[name].risk > 0 else -1 for name in STANDARD if FEATURES[name].risk},
    facts={name: name for name in STANDARD},
    simulated=True,
)


def train_score(population: Population, *, seed: int) -> Artefact:
    """Stopped early and calibrated on a quarter that it has not seen, then grown again on all."""
    book = loan_book(population, seed=seed)
    assert book.groups is not None
    # Both rows of a person are on one side.
    is_test = np.random.default_rng(seed).random(len(population.people))[book.groups] < TEST_SHARE
    learn, test = book.take(np.flatnonzero(~is_test)), book.take(np.flatnonzero(is_test))
    trees = boosting.grow(learn, GROWTH, seed=seed, watched=test)
    count = boosting.best_tree(trees)
    raw = boosting.raw(trees, test, count)
    fitted = calibration.fit(raw, test.bad, test.weights)
    judgement = judged(test.bad, fitted[0] + fitted[1] * raw, test.weights, None, seed=seed)
    model = boosting.fit(book, replace(GROWTH, trees=count), seed=seed)
    plain = Artefact("catboost", book.inputs, model, calibration=fitted, simulated=True, cuts=DESCRIPTION.cuts)
    card = {
        "data": {"hash": book.data_hash, "rows": len(book), "bads": book.bads, "simulated": True},
        "figures": asdict(judgement.figures),
        "figures_come_from": f"{len(test)} simulated people that training had not seen: no measure of performance",
        "trees": count,
        "seed": seed,
    }
    return replace(plain, reference=_reference(plain, book), card=card, profile=profile_of(book, plain))


def loan_book(population: Population, *, seed: int) -> Book:
    """The loans whose outcome is known, each twice: as linked, and with some of what was linked hidden by lot.

    The disciplined link more. A model that saw this would charge people for accounts that they have not linked; we
    promise that it does not. So every combination of sources is also made by lot, and then thinned to one bad rate:
    what is linked carries no news, only what it tells does.
    """
    rng = np.random.default_rng(seed)
    hidden = _hidden(population, rng)
    known = np.flatnonzero(population.outcome_known)
    people = np.concatenate([known, known])
    features = np.concatenate([population.features()[known], population.features(hidden)[known]])
    pattern = np.concatenate([pattern_of(population.linked)[known], pattern_of(hidden)[known]])
    bad = population.bad[people]
    kept = _evened(bad, pattern, rng)
    features, people, bad = features[kept], people[kept], bad[kept].astype(float)
    inputs = tuple(_input(name, features[:, index]) for index, name in enumerate(STANDARD)) + FLAGS
    features = np.column_stack([features, *(np.isnan(features[:, STANDARD.index(flag.column)]) for flag in FLAGS)])
    return Book(
        description=DESCRIPTION,
        inputs=inputs,
        frame=pd.DataFrame(features, columns=[each.name for each in inputs]),
        bad=bad,
        weights=np.ones(len(bad)),
        groups=people.astype(np.int64),
        data_hash=sha256(features.tobytes() + bad.tobytes()).hexdigest()[:16],
    )


def _hidden(population: Population, rng: np.random.Generator) -> dict[str, Flags]:
    """What each linked, less some of it by lot; never all of it."""
    stays = {source: linked & (rng.random(len(linked)) < 0.5) for source, linked in population.linked.items()}
    nothing = ~np.any(list(stays.values()), axis=0)
    first = nothing.copy()
    for source in rng.permutation(list(stays)):
        stays[source] = stays[source] | (first & population.linked[source])
        first = first & ~population.linked[source]
    return stays


def _evened(bad: Flags, pattern: Floats, rng: np.random.Generator) -> Flags:
    """Which rows to keep so that every combination of sources has the same bad rate."""
    usual, chance = bad.mean(), np.ones(len(bad))
    for which in np.unique(pattern):
        here = pattern == which
        rate = bad[here].mean()
        if 0 < rate < 1:
            ratio = (usual * (1 - rate)) / (rate * (1 - usual))
            chance[here & bad] = min(1.0, ratio)
            chance[here & ~bad] = min(1.0, 1 / ratio)
    return np.asarray(rng.random(len(bad)) < chance)


def _input(name: str, column: Floats) -> Input:
    risk = FEATURES[name].risk
    return Input(
        name,
        monotone=1 if risk > 0 else -1 if risk < 0 else 0,
        fact=name,
        low=float(np.nanmin(column)),
        high=float(np.nanmax(column)),
    )


def _reference(artefact: Artefact, book: Book) -> tuple[float, ...]:
    """What each input adds on average among those whom grades A to C approve."""
    told = explained(artefact, book.frame.to_numpy(float))
    approved = calibration.probability(told.log_odds) <= artefact.cuts.c
    return tuple(float(mean) for mean in told.effects[approved].mean(axis=0))
