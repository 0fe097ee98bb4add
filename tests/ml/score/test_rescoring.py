"""All at once is one at a time, only faster."""

import numpy as np
import pytest

from domain.facts.vocabulary import FactGroup
from ml.models.artefact import Artefact
from ml.population.simulating import Population
from ml.score.benchmark import measured
from ml.score.explaining import LIMIT, largest_remainder
from ml.score.fitting import rows_of
from ml.score.rescoring import Floats, largest_remainders, score_many
from ml.score.scoring import scored


@pytest.fixture(scope="module")
def rows(model: Artefact, population: Population) -> Floats:
    return rows_of(model, population.facts())[population.has_any]


def test_factors_add_up_for_everybody(model: Artefact, rows: Floats) -> None:
    many = score_many(model, rows)
    assert len(many.points) > 10_000
    assert np.array_equal(many.base_points + many.factors.sum(axis=1), many.points)


def test_it_says_the_same_as_one_at_a_time(model: Artefact, rows: Floats) -> None:
    many = score_many(model, rows)
    for index in range(0, len(rows), 23):
        one = scored(model, tuple(None if np.isnan(value) else float(value) for value in rows[index]))
        assert (one.points, one.grade, one.base_points) == (
            many.points[index],
            many.grades[index],
            many.base_points[index],
        )
        effects = {factor.code: factor.effect for factor in one.factors}
        assert many.factors[index].tolist() == [effects.get(code, 0) for code in (*FactGroup, LIMIT)]


def test_rounding_many_is_rounding_each() -> None:
    rng = np.random.default_rng(1)
    parts = np.where(rng.random((500, 5)) < 0.3, 0.0, rng.normal(0, 20, (500, 5)))
    totals = np.rint(parts.sum(axis=1)).astype(np.int64) + rng.integers(-1, 2, 500)
    whole = largest_remainders(parts, totals)
    assert np.array_equal(whole.sum(axis=1), totals)
    for index in range(500):
        assert whole[index].tolist() == largest_remainder(parts[index].tolist(), int(totals[index]))


def test_it_is_cheaper_than_asking_catboost_for_its_own_factors(model: Artefact, rows: Floats) -> None:
    speed = measured(model, rows[:4_000], rounds=3)
    assert speed.scored < speed.with_shap
