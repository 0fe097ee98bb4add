"""Drift, broken promises and unequal treatment are seen, and calm is not disturbed."""

from dataclasses import replace

import numpy as np
import pytest

from ml.artefact import Artefact
from ml.drift import Alarm, Share, by_group, matured, psi, shifts
from ml.fitting import rows_of
from ml.population.simulating import Population, simulated
from ml.promotable import objections
from ml.rescoring import Floats, score_many


def known_rows(model: Artefact, population: Population) -> Floats:
    return rows_of(model, population.facts())[population.has_any]


class TestShifts:
    def test_people_like_those_of_training_are_fine(self, model: Artefact) -> None:
        others = simulated(seed=5)
        hidden = others.facts()
        rows = rows_of(model, hidden)[others.outcome_known]
        found = {shift.name: shift for shift in shifts(model, rows, model.log_odds(rows))}
        # Which accounts are there is evened out for training, so only what the accounts tell can be compared.
        assert found["income.stability"].psi < 0.1
        assert len(found) == len(model.inputs) + 1

    def test_a_column_that_went_silent_is_named_first(self, model: Artefact, population: Population) -> None:
        rows = known_rows(model, population).copy()
        rows[:, [each.name for each in model.inputs].index("account.age_months")] = np.nan
        first = shifts(model, rows, model.log_odds(rows))[0]
        assert (first.name, first.alarm) == ("account.age_months", Alarm.STOP)

    @pytest.mark.parametrize(("index", "alarm"), [(0.09, Alarm.FINE), (0.1, Alarm.LOOK), (0.25, Alarm.STOP)])
    def test_alarms(self, index: float, alarm: Alarm) -> None:
        from ml.drift import Shift

        assert Shift("x", index).alarm is alarm

    def test_the_index_is_zero_without_a_shift_and_known_with_one(self) -> None:
        assert psi([0.5, 0.5], [0.5, 0.5]) == 0
        assert psi([0.5, 0.5], [0.6, 0.4]) == pytest.approx(0.1 * np.log(1.2) - 0.1 * np.log(0.8))
        assert np.isfinite(psi([1.0, 0.0], [0.0, 1.0]))


class TestShare:
    def test_wilson(self) -> None:
        low, high = Share(10, 100).interval
        assert (round(low, 4), round(high, 4)) == (0.0552, 0.1744)

    def test_of_nobody_nothing_is_known(self) -> None:
        assert (Share(0, 0).rate, Share(0, 0).interval) == (0.0, (0.0, 1.0))


class TestMatured:
    def test_a_kept_and_a_broken_promise(self) -> None:
        told = matured(
            ["A"] * 500 + ["D"] * 500, [0.01] * 500 + [0.3] * 500, [i % 100 == 0 for i in range(500)] + [True] * 500
        )
        assert [(truth.grade, truth.came.some, truth.is_kept) for truth in told] == [("A", 5, True), ("D", 500, False)]

    def test_what_the_built_in_model_promises_comes_true_for_people_it_has_not_seen(self, model: Artefact) -> None:
        """As far as linking is evened out: of those who linked all, fewer go bad than is promised, never more."""
        others = simulated(seed=6)
        rows = rows_of(model, others.facts())[others.outcome_known]
        many = score_many(model, rows)
        told = matured(
            many.grades.tolist(), (1 / (1 + np.exp(-many.log_odds))).tolist(), others.bad[others.outcome_known].tolist()
        )
        rates = [truth.came.rate for truth in told]
        assert rates == sorted(rates)
        assert all(abs(truth.came.rate - truth.promised) < 0.05 for truth in told)


def test_groups_are_compared_with_the_one_approved_most() -> None:
    groups = ["x"] * 100 + ["y"] * 100
    approved = [True] * 80 + [False] * 20 + [True] * 60 + [False] * 40
    bad: list[bool | None] = [False] * 70 + [True] * 5 + [None] * 25 + [True] * 30 + [None] * 70
    x, y = by_group(groups, approved, bad)
    assert (x.approved, x.bad, x.ratio, x.passes_four_fifths) == (Share(80, 100), Share(5, 75), 1.0, True)
    assert (y.approved, y.bad) == (Share(60, 100), Share(30, 30))
    assert y.ratio == pytest.approx(0.75)
    assert not y.passes_four_fifths


class TestPromotable:
    def test_the_built_in_model_is(self, model: Artefact) -> None:
        assert objections(model) == []

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"fact": "profile.birth_date"}, "which no model may read"),
            ({"fact": None}, "No fact feeds"),
            ({"fact": "profile.occupation"}, "another kind of value"),
            ({"origin": "2026-01-01"}, "another kind of value"),
        ],
    )
    def test_a_model_with_a_strange_input_is_not(self, model: Artefact, changes: dict[str, str], why: str) -> None:
        first, *rest = model.inputs
        (told,) = objections(replace(model, inputs=(replace(first, **changes), *rest)))  # type: ignore[arg-type]
        assert why in told
