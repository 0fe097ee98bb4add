"""Attacks on what a partner is told of people: by bisecting, by differences, and by asking the same again and again."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.credit.grades import Grade
from domain.market import eligibility
from domain.market.applicants import Applicant, people_of
from domain.market.columns import columns_of
from domain.market.pairing import Pairing
from domain.market.products import Product
from domain.matching import disclosure
from domain.matching.reach import rehearsing
from domain.matching.reach.rehearsing import Rehearsal
from tests.domain.market.test_rules import applicants, products
from tests.domain.matching import goods
from tests.domain.matching.reach.test_rehearsing import DONE

OTHERS = applicants(80)
VICTIM = Applicant(age=36, region="CN-SH", occupation="employee", income=1_234_567, grade=Grade.B, burden=123_456)


def told(victim: Applicant, before: Product | None, after: Product) -> Rehearsal:
    return rehearsing.disclosed(DONE, people_of([victim, *OTHERS]), before, after)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(products(), min_size=2, max_size=6),
    st.integers(33, 37),
    st.integers(1_200_000, 1_249_999),
    st.integers(100_000, 149_999),
)
def test_no_answers_to_any_questions_tell_people_within_a_step_apart(
    asked: list[Product], age: int, income: int, burden: int
) -> None:
    """Whatever is combined and subtracted: the answers are the same, so nothing can be made of their differences."""
    other = replace(VICTIM, age=age, income=income, burden=burden)
    for before, after in zip([None, *asked], asked, strict=False):
        assert told(VICTIM, before, after) == told(other, before, after)


def test_bisecting_an_income_ends_at_the_step() -> None:
    """As it was done: by thresholds, with the others known, and with all the answers that there are."""

    def answers(victim: Applicant) -> list[int | None]:
        by_threshold = (goods.product(rules={"income_at_least": str(yuan)}) for yuan in range(11_000, 14_000, 10))
        return [told(victim, None, product).eligible_after for product in by_threshold]

    assert answers(VICTIM) == answers(replace(VICTIM, income=1_200_000)) == answers(replace(VICTIM, income=1_249_999))


def test_bisecting_by_what_a_month_costs_ends_at_the_step() -> None:
    def answers(income: int) -> list[int | None]:
        amounts = range(2_000_000, 9_000_000, 250_000)
        loans = (goods.product(amount_min=one, amount_max=one, term_months=[12]) for one in amounts)
        return [told(replace(VICTIM, income=income), None, loan).eligible_after for loan in loans]

    assert answers(1_234_567) == answers(1_200_000) == answers(1_249_999)


def test_the_same_people_have_the_same_error_however_they_are_asked_for() -> None:
    asked = [
        goods.product(number, title=f"Loan {number}", amount_max=2_000_000 + number, rules={"age_min": 19 + number % 2})
        for number in range(1, 200)
    ]
    pairs = [Pairing(disclosure.coarse(people_of(OTHERS)), columns_of([product])) for product in asked]
    sets = {eligibility.applying(pair)[:, 0].tobytes() for pair in pairs}
    assert len({told(VICTIM, None, product).eligible_after for product in asked}) <= len(sets) == 1


def test_another_set_of_people_has_an_error_of_its_own() -> None:
    errors = [disclosure.error_of(np.arange(200) != one) for one in range(200)]
    assert len(set(errors)) > 10
    assert max(map(abs, errors)) <= disclosure.ERROR_MAX
    assert abs(float(np.mean(errors))) < 2


def test_few_are_never_told_and_nobody_is_never_some() -> None:
    assert disclosure.disclose(np.zeros(500, bool)) is None
    assert disclosure.disclose(np.arange(500) < 4) is None
    assert (disclosure.disclose(np.ones(500, bool)) or 0) <= 500


@pytest.mark.parametrize(("currency", "step"), [("CNY", 50_000), ("JPY", 500), ("KWD", 500_000)])
def test_a_step_is_of_the_currency(currency: str, step: int) -> None:
    people = [replace(VICTIM, income=income, currency=currency) for income in (0, step - 1, step)]
    assert disclosure.coarse(people_of(people)).income[:, 0].tolist() == [step // 2, step // 2, step + step // 2]


def test_what_is_unknown_stays_unknown_and_minors_stay_minors() -> None:
    ages = [None, 0, 17, 18, 22, 23]
    people = [replace(VICTIM, age=age, income=None, burden=0) for age in ages]
    found = disclosure.coarse(people_of(people))
    assert found.age[:, 0].tolist() == [-1, 0, 0, 20, 20, 25]
    assert (found.income == -1).all() and (found.burden == 0).all()


def test_the_truth_is_near() -> None:
    """Coarse and with an error, the answer still serves who asks it."""
    many = applicants(3_000, seed=5)
    product = goods.product(rules={"income_at_least": "5000.00"}, annual_rate=Decimal("0.12"))
    exact = rehearsing.compared(DONE, people_of(many), None, product).eligible_after
    found = rehearsing.disclosed(DONE, people_of(many), None, product).eligible_after
    assert exact is not None and found is not None and abs(exact - found) <= 60
