"""What is looked up is what CatBoost would work out."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.models.artefact import Artefact
from ml.models.leaves import Leaves, leaves_of
from ml.population.simulating import Population
from ml.score.fitting import rows_of

Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def rows(model: Artefact, population: Population) -> Floats:
    return rows_of(model, population.facts())[:2_000]


@pytest.fixture(scope="module")
def leaves(model: Artefact) -> Leaves:
    found = leaves_of(model)
    assert found is not None
    return found


def test_predictions_are_those_of_catboost(model: Artefact, leaves: Leaves, rows: Floats) -> None:
    assert np.allclose(leaves.explained(rows)[0], model.model.log_odds(rows.astype(object)), rtol=0, atol=1e-12)


def test_what_inputs_add_sums_to_the_prediction(leaves: Leaves, rows: Floats) -> None:
    log_odds, added = leaves.explained(rows)
    assert np.allclose(leaves.base + added.sum(axis=1), log_odds, rtol=0, atol=1e-12)


def test_one_row_is_explained_alike_in_any_company(leaves: Leaves, rows: Floats) -> None:
    log_odds, added = leaves.explained(rows)
    for index in range(0, 2_000, 97):
        alone = leaves.explained(rows[index : index + 1])
        assert alone[0][0] == log_odds[index]
        assert np.array_equal(alone[1][0], added[index])


def test_what_inputs_add_is_what_catboost_says(model: Artefact, leaves: Leaves, rows: Floats) -> None:
    told = model.model.contributions(rows[:500].astype(object))
    assert np.allclose(leaves.explained(rows[:500])[1], told[:, :-1], rtol=0, atol=1e-10)
    assert leaves.base == pytest.approx(told[0, -1], abs=1e-10)


def test_values_are_shapley_values_by_their_definition(leaves: Leaves) -> None:
    """Worked out from the expectations of one tree by brute force, over all orders of its features."""
    from ml.models.leaves import _expectations

    values, weights = np.array([[1.0, -2.0, 3.0, 0.5]]), np.array([[10.0, 20.0, 30.0, 40.0]])
    known = [expected[0] for expected in _expectations(values, weights, 2)]
    assert np.allclose(known[0], (10 - 40 + 90 + 20) / 100)
    # The last level is the root: its answer alone leaves the first to the shares below it.
    assert np.allclose(known[2], [(10 - 40) / 30, (10 - 40) / 30, (90 + 20) / 70, (90 + 20) / 70])
    assert np.allclose(known[3], values[0])
    orders = [
        (known[1] - known[0]) / 2 + (known[3] - known[2]) / 2,
        (known[2] - known[0]) / 2 + (known[3] - known[1]) / 2,
    ]
    assert np.allclose(sum(orders), values[0] - known[0])
