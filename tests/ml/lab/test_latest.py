"""Rates of default move with the years: what a model says of the next loans is what the latest ones show."""

import numpy as np
import pandas as pd
import pytest

from ml.books.preparing import prepare
from ml.lab import calibration, candidates, latest
from ml.lab.candidates import Trial
from ml.lab.training import Trained, train
from ml.report import summary
from tests.ml.loan_books import described

FIRST, LAST = -2.4, -1.1  # log-odds of the level in the first and the last of the years


def years(rows: int, *, seed: int = 1, level: float | None = None) -> pd.DataFrame:
    """Loans of eight years in which ever more go bad, or of days in which the level stood still."""
    rng = np.random.default_rng(seed)
    day = np.sort(rng.integers(0, 2_920, rows))
    debt, noise = rng.normal(size=rows), rng.normal(size=rows)
    base = np.where(day < 1_460, FIRST, LAST) if level is None else level
    bad = rng.random(rows) < 1 / (1 + np.exp(-(base + 0.8 * debt)))
    moment = pd.Series(pd.Timestamp("2018-01-01") + pd.to_timedelta(day, unit="D")).dt.strftime("%Y-%m-%d")
    cells = {"debt": debt.round(4), "noise": noise.round(4), "issued": moment, "defaulted": bad.astype(int)}
    return pd.DataFrame(cells).astype(str).astype(object)


def told(trained: Trained, fresh: pd.DataFrame) -> float:
    """The mean probability of default."""
    rows = fresh[["debt", "noise"]].astype(float).to_numpy(dtype=object)
    assert [each.name for each in trained.artefact.inputs] == ["debt", "noise"]
    return float(calibration.probability(trained.artefact.log_odds(rows)).mean())


@pytest.fixture(scope="module")
def rising() -> Trained:
    return train(years(2_000), described(monotone={}, sensitive=[], time="issued"))


def test_the_model_that_ships_says_the_rate_of_the_latest_loans(rising: Trained) -> None:
    fresh = years(8_000, seed=2, level=LAST)
    came = float((fresh["defaulted"] == "1").mean())
    assert told(rising, fresh) == pytest.approx(came, abs=0.03)
    mixed = float((years(2_000)["defaulted"] == "1").mean())
    assert came > mixed + 0.06
    assert summary.of_training(rising, page="")["calibrated_on"] == "the latest loans by issued"


def test_the_printed_figures_are_of_the_same_procedure(rising: Trained) -> None:
    """The tested model has not seen the latest fifth, and calibrated on the fifth before it."""
    report = rising.report
    assert report.split.kind == "time"
    assert calibration.probability(report.log_odds).mean() == pytest.approx(
        report.book.bad[report.rows].mean(), abs=0.05
    )


def test_few_late_outcomes_set_the_level_alone() -> None:
    book = prepare(years(700), described(monotone={}, sensitive=[], time="issued")).in_order()
    model, (shift, slope) = candidates.fitted(
        book, Trial("logistic", ridge=10, stiffness=100, calibration=(5, 0.7)), seed=1
    )
    late = book.take(np.flatnonzero(book.moments > np.quantile(book.moments, 0.8)))  # type: ignore[operator,arg-type]
    assert slope == 0.7
    chances = calibration.probability(shift + slope * model.log_odds(late.matrix()))
    assert chances.mean() == pytest.approx(late.bad.mean(), abs=1e-6)


def test_without_times_nothing_changes() -> None:
    book = prepare(years(400).drop(columns="issued"), described(monotone={}, sensitive=[]))
    trial = Trial("logistic", ridge=10, stiffness=100, calibration=(0.3, 0.9))
    assert candidates.fitted(book, trial, seed=1)[1] == (0.3, 0.9)
    assert latest.story(book) == "rows that the model had not seen"


@pytest.mark.parametrize("bad", [np.zeros(40), np.ones(40), np.arange(40) % 2.0])
def test_a_level_is_found_for_any_outcomes(bad: np.ndarray) -> None:
    raw, weights = np.linspace(-30, 30, 40), np.ones(40)
    added = calibration.level(raw, bad, weights)
    expected = min(max(bad.sum(), 0.5), 39.5)
    assert calibration.probability(raw + added).sum() == pytest.approx(expected, abs=1e-6)
