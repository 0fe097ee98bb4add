"""Who may have a product: each rule excludes whom it names, and nobody of whom it does not know."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.credit.grades import Grade
from domain.facts.sheets import FactSheet, FactValue
from domain.market import eligibility
from domain.market.eligibility import Applicant
from domain.market.products import Product, ProductKind
from infra.ids import new_id

STUDENT = Applicant(age=20, region="CN-SH", occupation="student", income=Decimal(4000), grade=Grade.B)
NOBODY_KNOWS = Applicant(age=None, region=None, occupation=None, income=None, grade=None)


def product(rules: dict[str, Any], grade_at_least: Grade | None = None) -> Product:
    return Product(
        id=new_id(),
        partner_id=new_id(),
        sku="x",
        kind=ProductKind.LOAN,
        title="x",
        amount_min=100_000,
        amount_max=1_000_000,
        currency="CNY",
        term_months=[12],
        annual_rate=Decimal("0.12"),
        grade_at_least=grade_at_least,
        rules=rules,
    )


def codes(offered: Product, who: Applicant) -> list[str]:
    return [reason.code for reason in eligibility.against(offered, who)]


@pytest.mark.parametrize(
    ("rules", "met", "code"),
    [
        ({"age_min": 21}, {"age": 21}, "AGE_OUTSIDE"),
        ({"age_max": 19}, {"age": 19}, "AGE_OUTSIDE"),
        ({"regions": ["CN-BJ"]}, {"region": "CN-BJ"}, "OUTSIDE_AREA"),
        ({"occupations": ["employee", "gig-worker"]}, {"occupation": "gig-worker"}, "OCCUPATION_OUTSIDE"),
        ({"income_at_least": "4000.01"}, {"income": Decimal("4000.01")}, "INCOME_TOO_LOW"),
    ],
)
def test_a_rule_lets_in_whom_it_names_and_nobody_else(rules: dict[str, Any], met: dict[str, Any], code: str) -> None:
    offered = product(rules)
    assert codes(offered, STUDENT) == [code]
    assert codes(offered, replace(STUDENT, **met)) == []
    assert codes(offered, NOBODY_KNOWS) == []


def test_all_rules_must_hold() -> None:
    offered = product({"age_min": 30, "regions": ["CN-BJ"], "occupations": ["employee"]}, Grade.A)
    assert codes(offered, STUDENT) == ["AGE_OUTSIDE", "OUTSIDE_AREA", "OCCUPATION_OUTSIDE", "GRADE_TOO_LOW"]
    assert not eligibility.is_eligible(offered, STUDENT)
    assert eligibility.is_eligible(product({}), STUDENT)


@pytest.mark.parametrize(
    ("said", "known"), [("student", "student"), ("gig-worker", "gig-worker"), ("astronaut", None), (None, None)]
)
def test_an_occupation_in_ones_own_words_is_unknown(said: FactValue | None, known: str | None) -> None:
    values: dict[str, FactValue] = {"profile.birth_date": date(2000, 11, 22)}
    if said is not None:
        values["profile.occupation"] = said
    sheet = FactSheet(values, frozenset({"profile"}), simulated=False, as_of=datetime(2026, 11, 22, tzinfo=UTC))
    who = eligibility.applicant_of(sheet, Grade.C)
    assert (who.age, who.occupation, who.grade) == (26, known, Grade.C)
