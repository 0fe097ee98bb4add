"""People of all kinds, scored together and each alone: not a bit differs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import orjson
import pytest

from domain.credit.scoring import NotEnoughKnown, Scored
from domain.facts.counting_on import CountingOn
from domain.facts.sheets import FactSheet
from domain.facts.vocabulary import VOCABULARY, FactType
from ml.models.artefact import Artefact
from ml.population.simulating import SOURCES, Population
from ml.score import scoring, together
from ml.score.reasons import SENTENCES
from ml.score.scoring import score_all_with, score_with
from ml.score.together import score_together
from tests.ml.conftest import NOW

MARK = CountingOn(UUID(int=1), "jd", NOW + timedelta(days=9), 12, (), ())
PEOPLE = 600


def typed(name: str, value: float) -> Any:
    """As it would stand in a sheet."""
    match VOCABULARY[name].type:
        case FactType.MONEY:
            return Decimal(str(value))
        case FactType.FLAG:
            return bool(value)
    return int(value) if value == int(value) else value


def told(population: Population, index: int) -> FactSheet:
    known = {name: float(column[index]) for name, column in population.facts().items()}
    values = {name: typed(name, value) for name, value in known.items() if value == value}
    sources = frozenset(source for source in SOURCES if population.linked[source][index])
    return FactSheet(values, sources, simulated=bool(index % 2), as_of=NOW)


def with_values(**changes: Any) -> Callable[[FactSheet], FactSheet]:
    named = {name.replace("__", "."): value for name, value in changes.items()}
    return lambda sheet: replace(sheet, values={**sheet.values, **named})


ODD: tuple[Callable[[FactSheet], FactSheet], ...] = (
    lambda sheet: replace(sheet, sources=frozenset()),
    lambda sheet: replace(sheet, sources=frozenset({"profile", "unlinked:1"})),
    lambda sheet: replace(sheet, counting_on=(MARK,)),
    lambda sheet: replace(sheet, counting_on=(replace(MARK, points=0),)),
    lambda sheet: replace(sheet, values=dict(list(sheet.values.items())[:4])),
    lambda sheet: replace(sheet, values={}),
    with_values(credit__outstanding=Decimal("NaN")),
    with_values(credit__outstanding=Decimal("-1")),
    with_values(income__stability=float("inf")),
    with_values(income__stability=float("nan")),
    with_values(income__stability=1.0000001),
    with_values(income__stability="0.5"),
    with_values(profile__occupation="student"),
    with_values(repayment__delay_months=-2),
    with_values(repayment__delay_months=-2.5),
    with_values(credit__limit=Decimal(0), credit__outstanding=Decimal(0)),
    with_values(credit__limit=Decimal(0), credit__outstanding=Decimal(5)),
    with_values(income__monthly_inflow=Decimal(0), shopping__monthly_spend=Decimal(0)),
    with_values(income__monthly_inflow=Decimal("10000000"), credit__limit=Decimal("10000000")),
    with_values(account__age_months=400, social__address_stability_months=600, income__buffer_days=3650),
)


@pytest.fixture(scope="module")
def crowd(population: Population) -> list[FactSheet]:
    chosen = np.flatnonzero(population.has_any)[:PEOPLE].tolist()
    return [
        ODD[place // 3 % len(ODD)](sheet) if place % 3 == 0 else sheet
        for place, sheet in enumerate(told(population, index) for index in chosen)
    ]


def models(model: Artefact) -> dict[str, Artefact]:
    shift, slope = model.calibration
    rng = np.random.default_rng(1)
    learned = {each.name: {"shares": [1.0, 0.0]} for each in model.inputs[:2]}
    return {
        "as it is": model,
        "beyond the upper end": replace(model, calibration=(shift - 5, slope)),
        "beyond the lower end": replace(model, calibration=(shift + 5, slope)),
        "another reference": replace(model, reference=tuple(rng.normal(0, 0.2, len(model.inputs)).tolist())),
        "a narrow range": replace(model, inputs=tuple(replace(each, low=1.0, high=2.0) for each in model.inputs)),
        "flat": replace(model, calibration=(shift, 0.0)),
        "never lacked": replace(model, profile={**model.profile, "inputs": learned}),
    }


@pytest.mark.parametrize("which", list(range(7)))
def test_together_says_what_each_alone_hears(model: Artefact, crowd: list[FactSheet], which: int) -> None:
    mine = list(models(model).values())[which]
    many, alone = score_all_with(mine, crowd), [score_with(mine, sheet) for sheet in crowd]
    assert many == alone
    assert [written(each) for each in many] == [written(each) for each in alone]


def written(answer: Scored | NotEnoughKnown) -> bytes:
    """Every number to the last digit, in the order in which it is told."""
    return orjson.dumps(answer)


def test_most_are_scored_in_columns_and_the_odd_ones_alone(model: Artefact, crowd: list[FactSheet]) -> None:
    together = score_together(model, crowd)
    usual = [answer for place, answer in enumerate(together) if place % 3]
    assert len([answer for answer in usual if answer]) > 0.9 * len(usual)
    alone = [answer for answer, sheet in zip(together, crowd, strict=True) if sheet.counting_on]
    assert alone and not any(alone)
    kinds = {type(answer) for answer in score_all_with(model, crowd)}
    assert kinds == {Scored, NotEnoughKnown}


def test_a_few_are_not_worth_the_columns(model: Artefact, crowd: list[FactSheet]) -> None:
    few = crowd[: together.TOGETHER_MIN - 1]
    assert score_together(model, few) == [None] * len(few)
    assert score_all_with(model, few) == [scoring.score_with(model, sheet) for sheet in few]


def test_each_reason_has_a_code_of_its_own() -> None:
    assert len({sentence.code for sentence in SENTENCES.values()}) == len(SENTENCES)
