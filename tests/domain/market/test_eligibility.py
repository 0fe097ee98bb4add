"""Who may have a product: each rule excludes whom it names; of whom it does not know enough, it says what is missing."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.credit.grades import Grade
from domain.facts.sheets import FactSheet, FactValue
from domain.market import eligibility
from domain.market.applicants import Applicant, applicant_of
from domain.market.eligibility import ProductStanding
from domain.market.products import Product
from infra.settings import settings
from tests.domain.matching import goods

STUDENT = Applicant(age=20, region="CN-SH", occupation="student", income=400_000, grade=Grade.B)
NOBODY_KNOWS = Applicant(age=None, region=None, occupation=None, income=None, grade=None)


def product(rules: dict[str, Any], grade_at_least: Grade | None = None) -> Product:
    return goods.product(rules=rules, grade_at_least=grade_at_least)


def standing(offered: Product, who: Applicant) -> ProductStanding:
    found = eligibility.standing(offered, who)
    assert found is not None
    return found


def unmet(offered: Product, who: Applicant) -> list[str]:
    return [reason.code for reason in standing(offered, who).unmet]


def missing(offered: Product, who: Applicant) -> list[tuple[str, str | None]]:
    return [(reason.code, needs.field) for needs, reason in standing(offered, who).missing]


@pytest.mark.parametrize(
    ("rules", "met", "code"),
    [
        ({"age_min": 21}, {"age": 21}, "AGE_OUTSIDE"),
        ({"age_max": 19}, {"age": 19}, "AGE_OUTSIDE"),
        ({"regions": ["CN-BJ"]}, {"region": "CN-BJ"}, "OUTSIDE_AREA"),
        ({"occupations": ["employee", "gig-worker"]}, {"occupation": "gig-worker"}, "OCCUPATION_OUTSIDE"),
        ({"income_at_least": "4000.01"}, {"income": 400_001}, "INCOME_TOO_LOW"),
    ],
)
def test_a_rule_lets_in_whom_it_names_and_nobody_else(rules: dict[str, Any], met: dict[str, Any], code: str) -> None:
    offered = product(rules)
    assert unmet(offered, STUDENT) == [code]
    assert unmet(offered, replace(STUDENT, **met)) == []
    assert unmet(offered, NOBODY_KNOWS) == []


@pytest.mark.parametrize(
    ("rules", "name", "code", "field"),
    [
        ({}, "age", "AGE_UNKNOWN", "birthDate"),
        ({"age_min": 21}, "age", "AGE_UNKNOWN", "birthDate"),
        ({"regions": ["CN-SH"]}, "region", "REGION_UNKNOWN", "region"),
        ({"occupations": ["student"]}, "occupation", "OCCUPATION_UNKNOWN", "occupation"),
        ({"income_at_least": "0.01"}, "income", "INCOME_UNKNOWN", "monthlyIncome"),
        ({}, "grade", "SCORE_UNKNOWN", None),
    ],
)
def test_what_is_asked_for_and_unknown_is_named(rules: dict[str, Any], name: str, code: str, field: str | None) -> None:
    unknown: dict[str, Any] = {"age": 21, name: None}
    assert missing(product(rules), replace(STUDENT, **unknown)) == [(code, field)]


def test_what_no_rule_asks_for_may_be_unknown() -> None:
    assert standing(product({}), replace(STUDENT, region=None, occupation=None, income=None)).reasons == ()


def test_all_rules_must_hold() -> None:
    offered = product({"age_min": 30, "regions": ["CN-BJ"], "occupations": ["employee"]}, Grade.A)
    assert unmet(offered, STUDENT) == ["AGE_OUTSIDE", "OUTSIDE_AREA", "OCCUPATION_OUTSIDE", "GRADE_TOO_LOW"]
    assert standing(product({}), STUDENT).reasons == ()


@pytest.mark.parametrize(
    ("said", "known"), [("student", "student"), ("gig-worker", "gig-worker"), ("astronaut", None), (None, None)]
)
def test_an_occupation_in_ones_own_words_is_unknown(said: FactValue | None, known: str | None) -> None:
    values: dict[str, FactValue] = {"profile.birth_date": date(2000, 11, 22)}
    if said is not None:
        values["profile.occupation"] = said
    sheet = FactSheet(values, frozenset({"profile"}), simulated=False, as_of=datetime(2026, 11, 22, tzinfo=UTC))
    who = applicant_of(sheet, goods.scored(grade=Grade.C))
    assert (who.age, who.occupation, who.grade) == (26, known, Grade.C)


@pytest.mark.parametrize(("currency", "minor"), [("CNY", 30_000_050), ("JPY", 300_000), ("KWD", 300_000_500)])
def test_an_income_is_in_minor_units_of_the_houses_currency(
    currency: str, minor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "currency", currency)
    who = applicant_of(goods.sheet(**{"income.monthly_inflow": Decimal("300000.5")}), None)
    assert (who.income, who.currency) == (minor, currency)
    assert (who.income_in(currency), who.income_in("USD")) == (minor, None)
