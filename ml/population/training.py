"""Training the built-in score model on the simulated population: CatBoost, one fixed recipe, no search."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from hashlib import sha256

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.books.book import Book
from ml.books.describing import Description
from ml.lab import boosting, calibration
from ml.lab.boosting import TreeGrowth
from ml.lab.carding import profile_of
from ml.lab.evaluation import judged
from ml.models import boosted
from ml.models.artefact import Artefact, Input
from ml.models.features import FEATURES, STANDARD
from ml.population.choosing import LogOdds, best_links
from ml.population.people import Flags
from ml.population.simulating import Population
from ml.score.explaining import explained

Floats = NDArray[np.float64]

TARGET = "bad"
GROWTH = TreeGrowth(depth=4, rate=0.07, trees=200)
GUESS = TreeGrowth(depth=4, rate=0.2, trees=60)
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
    """Stopped early and calibrated on a quarter that it has not seen, then grown again on all.

    A few trees first tell what each would link who knew what scores best. Loans are then learned from twice: as linked,
    and as such people would link; and what the model promises is set by the second, so that a grade holds its promise
    however few accounts it was given for, and whoever chose them.
    """
    book = loan_book(population, population.linked, best_links(population, first_guess(population, seed=seed)))
    assert book.groups is not None
    # All rows of a person are on one side.
    is_test = np.random.default_rng(seed).random(len(population.people)) < TEST_SHARE
    rows_tested = is_test[book.groups]
    learn, test = book.take(np.flatnonzero(~rows_tested)), book.take(np.flatnonzero(rows_tested))
    trees = boosting.grow(learn, GROWTH, seed=seed, watched=test)
    count = boosting.best_tree(trees)
    chosen = _chosen_by(boosted.from_trees(trees, learn.numbers), population.take(is_test))
    raw = boosting.raw(trees, chosen, count)
    fitted = _cautious(raw, chosen, float(population.bad[population.outcome_known].mean()))
    judgement = judged(chosen.bad, fitted[0] + fitted[1] * raw, chosen.weights, None, seed=seed)
    model = boosting.fit(book, replace(GROWTH, trees=count), seed=seed)
    plain = Artefact("catboost", book.inputs, model, calibration=fitted, simulated=True, cuts=DESCRIPTION.cuts)
    card = {
        "data": {"hash": book.data_hash, "rows": len(book), "bads": book.bads, "simulated": True},
        "figures": asdict(judgement.figures),
        "figures_come_from": f"{len(chosen)} simulated people that training had not seen: no measure of performance",
        "trees": count,
        "seed": seed,
    }
    return replace(plain, reference=_reference(plain, book), card=card, profile=profile_of(book, plain))


def _cautious(raw: Floats, tested: Book, usual: float) -> tuple[float, float]:
    """A few tested people may have been lucky: as many are expected to go bad as did of all, at the least."""
    shift, slope = calibration.fit(raw, tested.bad, tested.weights)
    added = calibration.level(shift + slope * raw, np.full(len(raw), usual), tested.weights)
    return shift + max(0.0, added), slope


def first_guess(population: Population, *, seed: int) -> LogOdds:
    """A model of loans as linked, good enough to choose by."""
    return _of_features(boosting.fit(loan_book(population, population.linked), GUESS, seed=seed))


def _chosen_by(model: boosted.Boosted, population: Population) -> Book:
    """The loans of people who link what this model scores best."""
    return loan_book(population, best_links(population, _of_features(model)))


def _of_features(model: boosted.Boosted) -> LogOdds:
    return lambda features: model.log_odds(with_flags(features))


def loan_book(population: Population, *links: Mapping[str, Flags]) -> Book:
    """The loans whose outcome is known, once for each way to link."""
    known = np.flatnonzero(population.outcome_known)
    features = with_flags(np.concatenate([population.features(linked)[known] for linked in links]))
    people = np.concatenate([known] * len(links))
    bad = population.bad[people].astype(float)
    inputs = tuple(_input(name, features[:, index]) for index, name in enumerate(STANDARD)) + FLAGS
    return Book(
        description=DESCRIPTION,
        inputs=inputs,
        frame=pd.DataFrame(features, columns=[each.name for each in inputs]),
        bad=bad,
        weights=np.ones(len(bad)),
        groups=people.astype(np.int64),
        data_hash=sha256(features.tobytes() + bad.tobytes()).hexdigest()[:16],
    )


def with_flags(features: Floats) -> Floats:
    """All inputs of the model, from the standard features."""
    return np.column_stack([features, *(np.isnan(features[:, STANDARD.index(flag.column)]) for flag in FLAGS)])


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
