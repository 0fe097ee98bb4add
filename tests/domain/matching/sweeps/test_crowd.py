"""Many people against one product's rules: the same answers as one person against all products."""

from dataclasses import replace

import numpy as np
import pytest

from domain.credit.grades import Grade
from domain.matching import rules, shelf
from domain.matching.rules import CODES, Known
from domain.matching.sweeps import crowd
from tests.domain.matching import goods

SHELF = shelf.of(goods.products(60))
ROWS = range(len(SHELF))
GRADES = (None, *Grade)


@pytest.fixture(scope="module")
def people() -> list[Known]:
    told = []
    for number, sheet in enumerate(goods.sheets(200)):
        grade = GRADES[number % 5]
        told.append(rules.known_of(sheet, goods.scored(grade=grade) if grade else None, 50_000 * (number % 3)))
    # An income at the border of a rule, and none at all.
    return [*told, replace(told[0], income=300_000), replace(told[1], income=0), replace(told[2], income=299_999)]


def alone(known: Known) -> list[int]:
    return [*map(int, rules.first_against(rules.illustrated(SHELF, known), known))]


def test_it_counts_what_one_person_at_a_time_is_told(people: list[Known]) -> None:
    told = np.array([alone(known) for known in people])
    found = crowd.counts(crowd.of(people), SHELF, ROWS)
    assert found.tolist() == [np.bincount(column, minlength=len(CODES)).tolist() for column in told.T]
    assert (found.sum(axis=0) > 0).all(), "each rule stood against somebody"


def test_each_place_is_one_persons(people: list[Known]) -> None:
    for known in people[:20]:
        one = crowd.of([known])
        assert [int(crowd.first_against(one, SHELF, row)[0]) for row in range(len(SHELF))] == alone(known)


def test_packed_and_joined_they_are_the_same_people(people: list[Known]) -> None:
    pages = [crowd.unpacked(crowd.of(people[start : start + 70]).packed()) for start in range(0, len(people), 70)]
    joined = crowd.joined(pages)
    assert len(joined) == len(people)
    assert crowd.counts(joined, SHELF, ROWS).tolist() == crowd.counts(crowd.of(people), SHELF, ROWS).tolist()


def test_a_page_tells_nothing_of_the_order_in_which_people_came(people: list[Known]) -> None:
    assert crowd.of(people).packed() == crowd.of(people[::-1]).packed()


def test_of_nobody_nothing_is_counted() -> None:
    nobody = crowd.joined([])
    assert (len(nobody), crowd.counts(nobody, SHELF, ROWS).sum()) == (0, 0)


def test_what_is_unknown_stands_against_nothing() -> None:
    unknown = Known(None, None, None, None, None, burden=10**9, is_behind=False)
    assert crowd.counts(crowd.of([unknown]), SHELF, ROWS)[:, rules.ELIGIBLE].tolist() == [1] * len(SHELF)
