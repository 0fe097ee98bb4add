"""Hiding accounts, on simulated people: under the rule nobody gains, and every grade keeps its promise to whoever chooses."""

from math import sqrt

import pytest

from ml.population.hiding import Scene, ToldRisk, on_simulated_people

AS_THEY_ARE, BY_CHOICE = "all link what they have; the model", "all link only what helps; the model"


@pytest.fixture(scope="module")
def scenes() -> dict[str, Scene]:
    return {scene.name: scene for scene in on_simulated_people(people=20_000, asked=60)}


def sigmas(line: ToldRisk) -> float:
    """By how many standard errors more went bad than were promised; `high` is 1.96 above."""
    return (line.observed - line.promised) / (line.high - line.promised) * 1.96


def test_nobody_moves_up_by_unlinking(scenes: dict[str, Scene]) -> None:
    without = scenes["all unlink what harms them; nothing counts on"]
    ruled = scenes["all unlink what harms them; debts and points count on"]
    assert without.moved_up > 0.02
    assert (ruled.moved_up, ruled.moved_up_of_d) == (0.0, 0.0)


def test_choosing_what_to_link_in_the_first_place_moves_few_up(scenes: dict[str, Scene]) -> None:
    before = scenes["all link only what helps; a model that never saw people choose"]
    after = scenes[BY_CHOICE]
    assert after.moved_up < before.moved_up
    assert after.moved_up < 0.10


@pytest.mark.parametrize("scene", [AS_THEY_ARE, BY_CHOICE])
def test_no_grade_goes_bad_more_often_than_it_promises(scenes: dict[str, Scene], scene: str) -> None:
    """Whether nobody chooses or all do who know the model by heart."""
    lines = scenes[scene].grades
    assert [line.grade for line in lines] == ["A", "B", "C", "D"]
    assert [(line.grade, sigmas(line)) for line in lines if sigmas(line) > 2.5] == []
    assert [line.grade for line in lines if line.observed > line.cut] == []


@pytest.mark.parametrize("scene", [AS_THEY_ARE, BY_CHOICE])
def test_nor_do_those_who_linked_the_same_accounts(scenes: dict[str, Scene], scene: str) -> None:
    lines = scenes[scene].links
    assert len(lines) == 7
    assert [(line.links, sigmas(line)) for line in lines if sigmas(line) > 3] == []


def test_who_has_but_one_account_pays_little_for_those_who_hide_theirs(scenes: dict[str, Scene]) -> None:
    """What is not shown is worth what it is on average of all who do not show it: that costs the honest something."""
    for line in scenes[AS_THEY_ARE].links:
        noise = 3 * sqrt(2 * line.promised * (1 - line.promised) / (line.share * scenes[AS_THEY_ARE].people))
        assert line.promised - line.observed < 0.05 + noise, line.links


def test_a_model_that_never_saw_people_choose_breaks_its_promise(scenes: dict[str, Scene]) -> None:
    naive, settled = scenes["all link only what helps; a model that never saw people choose"], scenes[BY_CHOICE]
    assert max(map(sigmas, naive.links)) > 2 > max(map(sigmas, settled.links))
