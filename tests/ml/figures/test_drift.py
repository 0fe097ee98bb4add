"""Drift, broken promises and unequal treatment are seen, and calm is not disturbed."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from ml.figures.drift import Alarm, GradeTruth, Share, Shift
from ml.models.artefact import Artefact
from ml.models.promotable import objections
from ml.models.scale import GRADES
from ml.population.simulating import simulated
from ml.score.fitting import rows_of
from ml.score.rescoring import score_many


class TestShift:
    @pytest.mark.parametrize(("index", "alarm"), [(0.09, Alarm.FINE), (0.1, Alarm.LOOK), (0.25, Alarm.STOP)])
    def test_alarms(self, index: float, alarm: Alarm) -> None:
        assert Shift("x", index).alarm is alarm


class TestShare:
    def test_wilson(self) -> None:
        low, high = Share(10, 100).interval
        assert (round(low, 4), round(high, 4)) == (0.0552, 0.1744)

    def test_of_nobody_nothing_is_known(self) -> None:
        assert (Share(0, 0).rate, Share(0, 0).interval) == (0.0, (0.0, 1.0))


class TestTruth:
    @pytest.mark.parametrize(("came", "is_kept"), [(Share(5, 500), True), (Share(500, 500), False)])
    def test_a_promise_is_kept_inside_the_interval(self, came: Share, is_kept: bool) -> None:
        assert GradeTruth("A", 0.01, came).is_kept is is_kept

    def test_what_the_built_in_model_promises_comes_true_for_people_it_has_not_seen(self, model: Artefact) -> None:
        """As far as linking is evened out: of those who linked all, somewhat fewer go bad than is promised, never more."""
        others = simulated(seed=6)
        many = score_many(model, rows_of(model, others.facts())[others.outcome_known])
        bad, promised = others.bad[others.outcome_known], 1 / (1 + np.exp(-many.log_odds))
        grades = np.array(many.grades.tolist())
        here = [grades == grade for grade in GRADES if (grades == grade).any()]
        rates = [bad[each].mean() for each in here]
        assert rates == sorted(rates)
        for each in here:
            promise = promised[each].mean()
            noise = 3 * sqrt(promise * (1 - promise) / each.sum())
            assert -noise < promise - bad[each].mean() < 0.05 + noise


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
