"""All products at once are judged as each is judged alone."""

from decimal import Decimal

import numpy as np
import pytest

from domain.credit import policy
from domain.credit.grades import Grade
from domain.facts.sheets import FactSheet
from domain.market import eligibility
from domain.market.products import DecisionMode, Product
from domain.market.terms import quoting
from domain.matching import shelf
from domain.matching.rules import CODES, Known, allowed, first_against, illustrated, known_of
from tests.domain.matching import goods

SHELF = shelf.of(goods.products(400))
GRADES = (None, *Grade)


def alone(product: Product, sheet: FactSheet, grade: Grade | None, burden: int) -> str:
    """The first rule against this product, from the scalar rules that decide."""
    who = eligibility.applicant_of(sheet, grade)
    reason = next(eligibility.against(product, who), None)
    if reason:
        return reason.code
    if grade and policy.is_behind(sheet) and product.decision == DecisionMode.INSTANT:
        return policy.BEHIND.code
    income = int(who.income * 100) if who.income is not None else None
    monthly = quoting.illustrate(product, grade, income).quote.monthly_payment
    if income is not None and monthly + burden > policy.burden_max(income):
        return policy.BURDENED.code
    return "ELIGIBLE"


@pytest.mark.parametrize("number", range(12))
def test_the_rules_for_many_say_what_the_rules_for_one_say(number: int) -> None:
    sheet, grade, burden = goods.sheets(12)[number], GRADES[number % 5], 50_000 * (number % 3)
    scored = goods.scored(grade=grade) if grade else None
    found = first_against(illustrated(SHELF, known_of(sheet, scored, burden)), known_of(sheet, scored, burden))
    told = [CODES[code] for code in found]
    assert told == [alone(SHELF.product(row), sheet, grade, burden) for row in range(len(SHELF))]


def test_each_rule_was_met_by_somebody() -> None:
    seen = set()
    for number, sheet in enumerate(goods.sheets(40)):
        grade = GRADES[number % 5]
        known = known_of(sheet, goods.scored(grade=grade) if grade else None, 50_000)
        seen |= {CODES[code] for code in first_against(illustrated(SHELF, known), known)}
    assert seen == set(CODES)


def test_amounts_and_monthly_costs_are_those_that_are_quoted() -> None:
    sheet = goods.sheet(**{"income.monthly_inflow": Decimal("6543.21")})
    found = allowed(SHELF, known_of(sheet, goods.scored(), 0))
    for row, amount, monthly in zip(found.rows, found.amount, found.monthly_cost, strict=True):
        told = quoting.illustrate(SHELF.product(int(row)), Grade.B, 654_321)
        assert (told.amount, told.quote.monthly_payment) == (amount, monthly)


def test_a_total_is_right_to_the_cents_that_the_last_instalment_absorbs() -> None:
    everything = illustrated(SHELF, known_of(goods.sheet(), None, 0))
    for row in range(len(SHELF)):
        told = quoting.illustrate(SHELF.product(row), None, None).quote
        assert abs(told.total_cost - everything.total_cost[row]) <= len(told.instalments)
        assert abs(float(told.annual_cost) - SHELF.columns.annual_cost[row]) < 1e-3


def test_who_is_not_known_may_see_everything() -> None:
    assert len(allowed(SHELF, known_of(goods.sheet(), None, 0))) == len(SHELF)


class TestBurden:
    """What is offered never pushes the known monthly burden over half of the income."""

    def known(self, income: int, burden: int) -> Known:
        return known_of(goods.sheet(**{"income.monthly_inflow": Decimal(income)}), goods.scored(), burden)

    @pytest.mark.parametrize(("income", "burden"), [(3_000, 0), (6_000, 100_000), (6_000, 299_000), (20_000, 900_000)])
    def test_nothing_that_is_shown_goes_beyond(self, income: int, burden: int) -> None:
        found = allowed(SHELF, self.known(income, burden))
        assert ((found.monthly_cost + burden) * 2 <= income * 100).all()

    def test_the_last_cent_is_allowed(self) -> None:
        one = shelf.of(
            [goods.product(amount_min=120_000, amount_max=120_000, annual_rate=Decimal(0), term_months=[12])]
        )
        assert [len(allowed(one, self.known(200, burden))) for burden in (0, 1)] == [1, 0]

    def test_an_income_of_nothing_carries_nothing(self) -> None:
        assert not len(allowed(SHELF, self.known(0, 0)))


def test_rows_stand_in_the_order_of_the_ids() -> None:
    ids = [SHELF.product(row).id for row in range(len(SHELF))]
    assert ids == sorted(ids)
    assert np.array_equal(SHELF.columns.ids, np.array([id.bytes for id in ids], "S16"))
