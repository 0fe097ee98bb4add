"""Hiding accounts, on simulated people: under the rule nobody gains, and every grade keeps its promise."""

from math import sqrt

import pytest

from ml.population.hiding import Scene, on_simulated_people


@pytest.fixture(scope="module")
def scenes() -> dict[str, Scene]:
    return {scene.name: scene for scene in on_simulated_people(people=12_000, asked=60)}


def test_nobody_moves_up_by_unlinking(scenes: dict[str, Scene]) -> None:
    without = scenes["all unlink what harms them; nothing counts on"]
    ruled = scenes["all unlink what harms them; debts and points count on"]
    assert without.moved_up > 0.02
    assert (ruled.moved_up, ruled.moved_up_of_d) == (0.0, 0.0)


def test_choosing_what_to_link_in_the_first_place_moves_few_up(scenes: dict[str, Scene]) -> None:
    before = scenes["all link only what helps; a model that never saw people choose"]
    after = scenes["all link only what helps; the model"]
    assert after.moved_up < before.moved_up
    assert after.moved_up < 0.10


def test_no_grade_goes_bad_more_often_than_it_allows(scenes: dict[str, Scene]) -> None:
    for scene in scenes.values():
        if scene.people > 1_000:
            assert [line for line in scene.grades if line.observed > line.cut] == [], scene.name


def test_where_nobody_chooses_as_many_go_bad_as_were_told(scenes: dict[str, Scene]) -> None:
    scene = scenes["all link what they have; the model"]
    for line in scene.grades:
        noise = 3 * sqrt(line.promised * (1 - line.promised) / (line.share * scene.people))
        assert line.grade == "D" or line.observed <= line.promised + 0.02 + noise, line
