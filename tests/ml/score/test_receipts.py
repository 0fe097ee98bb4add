"""A change in points is told in parts that add up exactly."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet, Observation, sheet_of
from integrations.sandbox.personas import PERSONAS
from ml.models.artefact import Artefact
from ml.score.receipts import EXPIRED, MODEL, YOU, ChangeReceipt, receipt
from ml.score.scoring import score_with
from tests.ml.conftest import ALL, NOW, persona


@pytest.fixture(scope="module")
def newer(model: Artefact) -> Artefact:
    return replace(model, calibration=(model.calibration[0] + 0.4, model.calibration[1]))


def points(told: ChangeReceipt) -> dict[str, int]:
    assert told.before + sum(part.points for part in told.parts) == told.after
    return {part.code: part.points for part in told.parts}


def changed(sheet: FactSheet, **values: float) -> FactSheet:
    return replace(sheet, values={**sheet.values, **{name.replace("__", "."): value for name, value in values.items()}})


def test_nothing_changed(model: Artefact) -> None:
    sheet = persona("gig-driver")
    told = receipt(sheet, model, sheet, model)
    assert points(told) == {YOU: 0, EXPIRED: 0, MODEL: 0}
    assert told.before == told.after


def test_only_the_person_changed(model: Artefact) -> None:
    sheet = persona("gig-driver")
    told = receipt(sheet, model, changed(sheet, credit__applications_90d=12), model)
    assert points(told) == {YOU: told.after - told.before, EXPIRED: 0, MODEL: 0}
    assert told.after < told.before


def test_only_the_model_changed(model: Artefact, newer: Artefact) -> None:
    sheet = persona("gig-driver")
    told = receipt(sheet, model, sheet, newer)
    assert points(told) == {YOU: 0, EXPIRED: 0, MODEL: told.after - told.before}
    assert told.after < told.before


def test_only_a_source_expired(model: Artefact) -> None:
    told = receipt(persona("steady-shopper"), model, persona("steady-shopper", ["taobao", "oidc"]), model)
    assert points(told)[YOU] == points(told)[MODEL] == 0
    assert "repayment.bills_on_time_rate" in told.expired
    assert "income.stability" not in told.expired


def test_what_a_person_unlinked_did_not_expire(model: Artefact) -> None:
    after = persona("steady-shopper", ["taobao", "oidc"])
    told = receipt(persona("steady-shopper"), model, after, model, unlinked=frozenset({"wechat"}))
    assert (points(told)[EXPIRED], told.expired) == (0, ())


def test_all_at_once_still_adds_up(model: Artefact, newer: Artefact) -> None:
    after = changed(persona("over-borrowed", ["oidc"]), credit__applications_90d=0, income__buffer_days=90)
    told = receipt(persona("over-borrowed"), model, after, newer)
    assert {code for code, moved in points(told).items() if moved} == {YOU, EXPIRED, MODEL}


def test_both_ends_are_the_scores_that_were_given(model: Artefact, newer: Artefact) -> None:
    before, after = persona("gig-driver", ["wechat", "taobao"]), persona("gig-driver")
    told = receipt(before, model, after, newer)
    first, last = score_with(model, before), score_with(newer, after)
    assert isinstance(first, Scored)
    assert isinstance(last, Scored)
    assert (told.before, told.after) == (first.points, last.points)


def test_facts_that_grew_too_old_expired(model: Artefact) -> None:
    told = [
        Observation(
            source, name, value, NOW - timedelta(days=2), NOW + timedelta(days=30 if source == "wechat" else 300)
        )
        for source in ALL
        for name, value in PERSONAS["steady-shopper"].facts[source].items()
    ]
    before = sheet_of(told, as_of=NOW, simulated=True)
    after = sheet_of(told, as_of=NOW + timedelta(days=60), simulated=True)
    answer = receipt(before, model, after, model)
    assert points(answer)[EXPIRED] == answer.after - answer.before != 0
