"""Values of policies whose truth is known: the intervals cover it as often as they say."""

import numpy as np
import pandas as pd
import pytest

from ml.books.findings import BookRefused
from ml.ranking import logs, offpolicy, policies
from tests.ml.ranking.tables import SHOWS, TRUTH, WANTS, log


def test_intervals_cover_the_truth() -> None:
    runs = 30
    covered = {"IPS": 0, "SNIPS": 0, "DR": 0}
    for seed in range(runs):
        logged = logs.checked(log(600, SHOWS, seed=seed))
        wanted = policies.of_column(logged, "wanted", WANTS[logged.action.astype(int)])
        table = np.tile(WANTS, (1, 1))[:, [int(action) for action in pd.unique(logged.action)]]
        known = policies.Policy("wanted", wanted.chosen, table, wanted.place)
        for each in offpolicy.value(logged, known, seed=seed).estimates:
            covered[each.name] += each.interval[0] <= TRUTH <= each.interval[1]
    # 95 % of 30 is 28; fewer than 25 would happen once in two hundred.
    assert all(count >= 25 for count in covered.values()), covered


def test_the_other_log_tells_the_policy_and_the_truth() -> None:
    logged, other = logs.checked(log(20_000, SHOWS, seed=1)), logs.checked(log(20_000, WANTS, seed=2))
    valued = offpolicy.value(logged, policies.of_log(logged, other), seed=1)
    truth = offpolicy.earned(other, seed=1)
    assert truth.interval[0] < TRUTH < truth.interval[1]
    for each in valued.estimates:
        assert each.value == pytest.approx(TRUTH, abs=0.015)
    assert valued.mean_weight == pytest.approx(1.0, abs=0.05)
    assert valued.clipped_share == 0.0


def test_the_logging_policy_values_itself_exactly() -> None:
    logged = logs.checked(log(2_000, SHOWS, seed=3))
    valued = offpolicy.value(logged, policies.of_column(logged, "same", logged.propensity), seed=1)
    assert [each.value for each in valued.estimates] == [valued.logged.value, valued.logged.value]
    assert valued.effective_rows == pytest.approx(2_000)


def test_clipping_is_reported() -> None:
    logged = logs.checked(log(2_000, SHOWS, seed=4))
    valued = offpolicy.value(logged, policies.uniform(logged), seed=1, clip=1.0)
    assert valued.clip == 1.0
    assert valued.highest_weight == 2.5
    assert valued.clipped_share == pytest.approx(0.3, abs=0.04)


def test_an_action_that_was_never_logged_is_refused() -> None:
    logged = logs.checked(log(500, np.array([0.5, 0.5, 0.0, 0.0]), seed=5))
    with pytest.raises(BookRefused, match=r"the target shows what the log never did \(2, 3\)"):
        policies.of_log(logged, logs.checked(log(500, WANTS, seed=5)))


@pytest.mark.parametrize(
    ("cell", "why"), [("0", "'0' is no chance"), ("1.5", "'1.5' is no chance"), ("x", "is no number")]
)
def test_impossible_propensities_are_named(cell: str, why: str) -> None:
    frame = log(3, SHOWS, seed=6).astype(str).astype(object)
    frame.loc[1, "propensity"] = cell
    with pytest.raises(BookRefused, match=f"row 2, column propensity: .*{why}"):
        logs.checked(frame)
