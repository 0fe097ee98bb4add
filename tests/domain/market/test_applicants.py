"""Many people as columns: packed and joined they are the same people, and nothing tells whose row is whose."""

import numpy as np

from domain.credit.grades import Grade
from domain.market import eligibility
from domain.market.applicants import Applicant, PeopleColumns, joined, people_of, shuffled
from domain.market.columns import columns_of
from domain.market.rules import CODES
from tests.domain.market.test_rules import applicants
from tests.domain.matching import goods

PRODUCTS = columns_of(goods.products(60))
# An income at the border of a rule, and none at all.
PEOPLE = [
    *applicants(200),
    *(Applicant(30, "CN-SH", "employee", income, Grade.B) for income in (300_000, 299_999, 0)),
    Applicant(30, "CN-SH", "employee", 300_000, Grade.B, currency="JPY", burden=5, is_behind=True),
]


def counts(people: PeopleColumns) -> list[list[int]]:
    found: list[list[int]] = eligibility.counts(people, PRODUCTS, range(60)).tolist()
    return found


def test_packed_and_joined_they_are_the_same_people() -> None:
    pages = [shuffled(PEOPLE[start : start + 70]).packed() for start in range(0, len(PEOPLE), 70)]
    assert len(joined(pages)) == len(PEOPLE)
    assert counts(joined(pages)) == counts(people_of(PEOPLE))
    assert (np.sum(counts(people_of(PEOPLE)), axis=0) > 0).all(), "each rule stood against somebody"


def test_a_page_tells_nothing_of_the_order_in_which_people_came() -> None:
    assert shuffled(PEOPLE).packed() == shuffled(PEOPLE[::-1]).packed()


def test_of_nobody_nothing_is_counted() -> None:
    assert (len(joined([])), counts(joined([]))) == (0, [[0] * len(CODES)] * 60)
    assert eligibility.counts(people_of(PEOPLE), PRODUCTS, []).tolist() == []
