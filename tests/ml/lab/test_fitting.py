"""Each candidate learns what is true, keeps declared directions, and explains itself exactly."""

from dataclasses import replace

import numpy as np
import pytest

from ml.books.book import Book
from ml.books.preparing import prepare
from ml.figures.metrics import figures
from ml.lab import boosting, calibration, logistic, regression, scorecard
from ml.lab.boosting import TreeGrowth
from ml.models import additive, boosted
from ml.models.additive import Additive, Curve, Levels, Steps
from tests.ml.loan_books import described, loan_book


@pytest.fixture(scope="module")
def book() -> Book:
    return prepare(loan_book(2_000), described())


def test_regression_finds_the_coefficients_and_keeps_signs() -> None:
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(20_000, 2))
    bad = (rng.random(20_000) < 1 / (1 + np.exp(1 - columns @ [0.8, -0.5]))).astype(float)
    free, none = np.zeros(2, dtype=np.int8), np.zeros((2, 2))
    intercept, slopes = regression.fit(columns, bad, np.ones(20_000), penalty=none, signs=free)
    assert intercept == pytest.approx(-1, abs=0.05)
    assert slopes == pytest.approx([0.8, -0.5], abs=0.05)
    signs = np.array([1, 1], dtype=np.int8)
    _, kept = regression.fit(columns, bad, np.ones(20_000), penalty=none, signs=signs)
    assert kept[1] == 0


@pytest.mark.parametrize("kind", ["logistic", "scorecard", "catboost"])
def test_a_model_separates_and_its_contributions_add_up(book: Book, kind: str) -> None:
    learn, test = book.take(np.arange(1_500)), book.take(np.arange(1_500, 2_000))
    model: Additive | boosted.Boosted
    if kind == "logistic":
        model = logistic.fit(learn, ridge=10, stiffness=100)
    elif kind == "scorecard":
        model = scorecard.fit(learn, ridge=3)
    else:
        model = boosting.fit(learn, TreeGrowth(3, 0.1, 60), seed=1)
    rows = test.matrix()
    log_odds = model.log_odds(rows)
    assert figures(test.bad, calibration.probability(log_odds)).auc > 0.70
    assert model.contributions(rows).sum(axis=1) == pytest.approx(log_odds, abs=1e-9)
    income, delays = rows.copy(), rows.copy()
    income[:, 0] = income[:, 0] * 2
    delays[:, 1] = delays[:, 1].astype(float) + 1
    assert (model.log_odds(income) <= log_odds + 1e-12).all()
    assert (model.log_odds(delays) >= log_odds - 1e-12)[~np.isnan(delays[:, 1].astype(float))].all()


def test_the_same_training_gives_the_same_bytes(book: Book) -> None:
    first, second = (boosting.fit(book, TreeGrowth(3, 0.1, 20), seed=1).files() for _ in range(2))
    assert first == second


def test_a_bag_is_the_mean_of_its_models_and_adds_up() -> None:
    towns = np.random.default_rng(1).choice([f"t{i}" for i in range(40)], 1_000)
    book = prepare(loan_book(1_000).assign(town=towns), described())
    growth = TreeGrowth(4, 0.1, 20, columns=0.4, bag=3)
    bag, rows = boosting.fit(book, growth, seed=5), book.matrix()[:200]
    rows[:3, -1] = "never seen"
    alone = [boosting.fit(book, replace(growth, bag=1), seed=seed).log_odds(rows) for seed in (5, 6, 7)]
    np.testing.assert_allclose(bag.log_odds(rows), np.mean(alone, axis=0), atol=1e-12)
    np.testing.assert_allclose(bag.contributions(rows).sum(axis=1), bag.log_odds(rows), atol=1e-9)
    assert not np.allclose(alone[0], alone[1])
    assert boosting.fit(book, growth, seed=5).files() == bag.files()


def test_early_stopping_grows_no_more_than_it_needs(book: Book) -> None:
    learn, test = book.take(np.arange(1_500)), book.take(np.arange(1_500, 2_000))
    trees = boosting.grow(learn, TreeGrowth(4, 0.3, 400), seed=1, watched=test, patience=10)
    assert boosting.best_tree(trees) + 10 >= trees.tree_count_
    assert trees.tree_count_ < 400


def test_calibration_undoes_a_stretch_and_a_shift() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(-1.5, 1, 30_000)
    bad = (rng.random(30_000) < calibration.probability(truth)).astype(float)
    a, b = calibration.fit(2 * truth + 1, bad, np.ones(30_000))
    assert (a, b) == pytest.approx((-0.5, 0.5), abs=0.05)


def test_calibration_of_a_model_without_opinion_is_the_base_rate() -> None:
    bad = np.array([1.0, 0, 0, 0])
    a, b = calibration.fit(np.zeros(4), bad, np.ones(4))
    assert a == pytest.approx(np.log(1 / 3))
    assert b == 0


def test_terms_by_hand_and_through_a_file() -> None:
    model = Additive(
        0.5,
        [
            Curve(False, [0.0, 10.0], [0.0, 1.0], missing=-2.0),
            Steps([1.0, 5.0], [-1.0, 0.0, 1.0], missing=0.25),
            Levels({"a": 0.75}, other=0.0),
            None,
        ],
    )
    rows = np.array([[5.0, 1.0, "a", 9.0], [99.0, 0.5, "new", 9.0], [np.nan, np.nan, "", 9.0]], dtype=object)
    expected = [[0.5, 0.0, 0.75, 0.0, 0.5], [1.0, -1.0, 0.0, 0.0, 0.5], [-2.0, 0.25, 0.0, 0.0, 0.5]]
    assert model.contributions(rows).tolist() == expected
    assert additive.from_files(model.files()) == model
