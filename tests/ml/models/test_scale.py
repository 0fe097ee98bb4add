"""Points, grade and probability always agree."""

import math

import pytest

from ml.models.scale import HIGHEST, LOWEST, Cuts, on_scale, pd_of, points_of


def test_fifty_to_one_is_750_and_forty_points_double_the_odds() -> None:
    assert points_of(-math.log(50)) == pytest.approx(750)
    assert points_of(-math.log(100)) == pytest.approx(790)
    assert pd_of(750) == pytest.approx(1 / 51)


def test_points_stay_between_350_and_950() -> None:
    assert on_scale(round(points_of(20.0))) == LOWEST == 350
    assert on_scale(round(points_of(-20.0))) == HIGHEST == 950


def test_the_grade_of_all_points_agrees_with_their_probability() -> None:
    cuts = Cuts()
    for points in range(LOWEST, HIGHEST + 1):
        chance = pd_of(points)
        expected = "A" if chance <= 0.02 else "B" if chance <= 0.06 else "C" if chance <= 0.20 else "D"
        assert cuts.grade(points) == expected
    assert cuts.points == (749, 684, 605)


def test_points_and_log_odds_are_two_ways_to_say_one_probability() -> None:
    for log_odds in (-5.0, -1.0, 0.0, 2.5):
        assert pd_of(points_of(log_odds)) == pytest.approx(1 / (1 + math.exp(-log_odds)), rel=1e-12)


def test_cuts_must_rise() -> None:
    with pytest.raises(ValueError, match="must rise"):
        Cuts(0.06, 0.02, 0.2)
