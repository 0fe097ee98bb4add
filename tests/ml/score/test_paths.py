"""Every step on the path was scored by the live model, and is open to this person."""

from dataclasses import replace

import pytest

from domain.credit.grades import Grade
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet
from ml.models.artefact import Artefact
from ml.score.paths import STEPS_MAX, ScorePath, path
from ml.score.scoring import score_with
from ml.score.steps import possible
from tests.ml.conftest import persona

NEVER = ("profile.", "social.address", "social.contacts", "account.age")


def points(model: Artefact, sheet: FactSheet) -> int:
    answer = score_with(model, sheet)
    assert isinstance(answer, Scored)
    return answer.points


def found(model: Artefact, sheet: FactSheet) -> ScorePath:
    answer = path(model, sheet)
    assert answer is not None
    return answer


@pytest.mark.parametrize("key", ["gig-driver", "over-borrowed", "small-shop-owner", "thin-file-student"])
def test_each_step_is_worth_what_is_said(model: Artefact, key: str) -> None:
    sheet = persona(key)
    told = found(model, sheet)
    assert 0 < len(told.steps) <= STEPS_MAX
    before = points(model, sheet)
    for step in told.steps:
        facts = next(one.facts for one in possible(persona(key)) if one.code == step.code)
        sheet = replace(sheet, values={**sheet.values, **facts})
        assert before < points(model, sheet) == step.points
        before = step.points
    assert told.reaches == (before >= told.points_needed)


def test_it_aims_at_the_next_grade(model: Artefact) -> None:
    told = found(model, persona("over-borrowed"))
    assert (told.target, told.points_needed) == (Grade.C, model.cuts.points[2])


def test_few_steps_are_enough_for_somebody_near(model: Artefact) -> None:
    sheet = persona("gig-driver")
    near = points(model, sheet) + 5
    shift = (model.cuts.points[1] - near) / (40 / 0.6931471805599453)
    closer = replace(model, calibration=(model.calibration[0] - shift, model.calibration[1]))
    told = found(closer, sheet)
    assert (told.target, told.reaches) == (Grade.B, True)
    assert len(told.steps) < STEPS_MAX


def test_the_best_grade_has_no_next_one(model: Artefact) -> None:
    assert path(model, persona("steady-shopper")) is None


def test_who_has_no_score_has_no_path(model: Artefact) -> None:
    assert path(model, persona("thin-file-student", ["wechat"])) is None


@pytest.mark.parametrize("key", ["gig-driver", "over-borrowed", "small-shop-owner", "thin-file-student"])
def test_no_step_touches_age_place_or_friends(key: str) -> None:
    assert not [name for step in possible(persona(key)) for name in step.facts if name.startswith(NEVER)]


class TestPossible:
    def codes(self, **values: object) -> set[str]:
        named = {name.replace("__", "."): value for name, value in values.items()}
        return {step.code for step in possible(replace(persona("gig-driver"), values=named))}  # type: ignore[arg-type]

    def test_nothing_is_asked_of_what_is_not_known(self) -> None:
        assert self.codes() == set()

    def test_who_is_not_behind_need_not_catch_up(self) -> None:
        assert self.codes(repayment__delay_months=0) == set()
        assert self.codes(repayment__delay_months=2) == {"CATCH_UP"}

    def test_nobody_is_asked_to_pay_down_more_than_he_can_spare(self) -> None:
        sheet = replace(
            persona("gig-driver"),
            values={"credit.outstanding": 90_000, "income.monthly_inflow": 5_000, "credit.limit": 1},
        )
        (step,) = possible(sheet)
        assert step.values == {"amount": 9_000, "months": 12}
        assert step.facts == {"credit.outstanding": 81_000.0}

    def test_a_checked_name_is_not_checked_again(self) -> None:
        assert self.codes(account__real_name=True) == set()
        assert self.codes(account__real_name=False) == {"CHECK_NAME"}
