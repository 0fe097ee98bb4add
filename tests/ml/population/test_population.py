"""The simulated population keeps the rules that its page promises."""

from math import sqrt

import numpy as np
import pytest
from catboost import CatBoost
from sklearn.metrics import roc_auc_score

from domain.facts.vocabulary import VOCABULARY
from ml.models.features import STANDARD
from ml.population.choosing import best_links, too_little
from ml.population.loans import loan_book
from ml.population.parameters import NULL_WORLD
from ml.population.simulating import SOURCES, Population, simulated


@pytest.fixture(scope="module")
def population() -> Population:
    return simulated()


def test_the_same_seed_gives_the_same_people(population: Population) -> None:
    again = simulated()
    assert np.array_equal(again.features(), population.features(), equal_nan=True)
    assert np.array_equal(again.bad, population.bad)


def test_every_fact_is_believable(population: Population) -> None:
    for name, column in population.facts().items():
        known, kind = column[~np.isnan(column)], VOCABULARY[name]
        assert kind.low is None or known.min() >= kind.low, name
        assert kind.high is None or known.max() <= kind.high, name


def test_digital_life_says_nothing_of_discipline_or_default(population: Population) -> None:
    people, noise = population.people, 4 / sqrt(len(population.people))
    assert abs(np.corrcoef(people.digital, people.discipline)[0, 1]) < noise
    assert abs(roc_auc_score(population.bad, people.digital) - 0.5) < noise


def test_some_of_the_people_are_who_they_were(population: Population) -> None:
    some = population.take(np.array([5, 3]))
    assert np.array_equal(some.features(), population.features()[[5, 3]], equal_nan=True)
    assert np.array_equal(some.bad, population.bad[[5, 3]])
    assert len(some.people) == 2


def test_who_chooses_links_some_of_what_they_have_and_what_the_model_likes_best(population: Population) -> None:
    """Against a model that sees risk in every bill, nobody links the account with the bills who has another to score by."""
    bills = STANDARD.index("repayment.bill_months")
    chosen = best_links(population, lambda features: np.nan_to_num(features[:, bills]))
    for source in SOURCES:
        assert not (chosen[source] & ~population.linked[source]).any()
    assert np.any([chosen[source] for source in SOURCES], axis=0)[population.has_any].all()
    has_bills = ~np.isnan(population.features()[:, bills])
    has_other = ~too_little(population.features({**population.linked, "wechat": np.zeros(len(has_bills), bool)}))
    assert (has_bills & has_other).sum() > 1_000
    assert not (chosen["wechat"] & has_bills & has_other).any()


def test_the_disciplined_link_more(population: Population) -> None:
    for source in SOURCES:
        linked = population.linked[source]
        assert population.people.discipline[linked].mean() > population.people.discipline[~linked].mean()


def test_only_those_who_were_lent_to_are_in_the_training_table(population: Population) -> None:
    book = loan_book(population, population.linked, population.linked)
    assert book.groups is not None
    assert set(book.groups) <= set(np.flatnonzero(population.outcome_known))
    assert population.outcome_known.sum() < population.has_any.sum()
    assert 0.05 < book.bad.mean() < 0.15


def test_nothing_is_found_in_the_null_world() -> None:
    population = simulated(world=NULL_WORLD)
    book = loan_book(population, population.linked, population.linked)
    rows, bad = book.frame.to_numpy(), book.bad
    assert book.groups is not None
    order = np.argsort(book.groups, kind="stable")
    rows, bad, half = rows[order], bad[order], len(book) // 2
    model = CatBoost(
        {"loss_function": "Logloss", "iterations": 100, "depth": 4, "thread_count": 1, "verbose": False, "random_seed": 1,
         "allow_writing_files": False}
    ).fit(rows[:half], bad[:half])  # fmt: skip
    auc = roc_auc_score(bad[half:], model.predict(rows[half:]))
    goods, bads = (bad[half:] == 0).sum(), bad[half:].sum()
    # Each person is there twice, so half as many are independent.
    assert abs(auc - 0.5) < 3 * sqrt((1 / goods + 1 / bads) / 12 * 2)
