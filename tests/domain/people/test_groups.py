"""Groups of people: nobody can be told from them."""

import pytest

from domain.people import groups


def test_large_groups_stay() -> None:
    assert groups.large_enough({"a": [20, 1], "b": [40, 9]}) == {"a": [20, 1], "b": [40, 9]}


def test_small_ones_are_put_together() -> None:
    assert groups.large_enough({"a": [12, 1], "b": [11, 2], "c": [90, 9]}) == {"c": [90, 9], "others": [23, 3]}


def test_one_small_group_takes_in_the_next_smallest() -> None:
    """Else the total would tell of it."""
    assert groups.large_enough({"a": [3, 1], "b": [30, 2], "c": [90, 9]}) == {"c": [90, 9], "others": [33, 3]}


def test_of_nineteen_people_nothing_is_told() -> None:
    assert groups.large_enough({"a": [10, 1], "b": [9, 9]}) == {}
    assert groups.large_enough({}) == {}


@pytest.mark.parametrize(
    ("age", "band"), [(None, "untold"), (24, "-24"), (25, "25-34"), (54, "45-54"), (55, "55-"), (99, "55-")]
)
def test_ages(age: int | None, band: str) -> None:
    assert groups.age_band(age) == band


def test_who_has_no_name_comes_last() -> None:
    assert sorted(["untold", "others", "b", "a"], key=groups.named_first) == ["a", "b", "others", "untold"]
