"""Exploring: one fixed position, a known chance, and the same answer whoever asks."""

from collections import Counter
from fractions import Fraction
from uuid import UUID, uuid5

import numpy as np
import pytest
from pydantic import ValidationError

from domain.matching.learning import exploring
from domain.matching.learning.exploring import BEYOND, LENGTH_MIN, SLOT, Exploration
from infra.settings import Settings

SPACE = UUID(int=7)
SHARE = 0.05
NEW_AMONG_TWENTY = [rank in (2, 7, 11, 19) for rank in range(20)]


def list_ids(count: int) -> list[UUID]:
    return [uuid5(SPACE, str(number)) for number in range(count)]


def plans(count: int, ranked: int, new: list[bool] | None = None, share: float = SHARE) -> list[Exploration]:
    return [exploring.plan(list_id, ranked=ranked, new=new, share=share) for list_id in list_ids(count)]


def every_outcome(ranked: int, new: list[bool] | None) -> list[tuple[Fraction, Exploration]]:
    """All lists that could have been, each with its chance."""
    some = exploring.plan(SPACE, ranked=ranked, new=new, share=SHARE)
    share, count = Fraction(SHARE), len(some.drawable)
    drawn = [(share / count, Exploration(ranked, SHARE, some.drawable, int(rank))) for rank in some.drawable]
    return [(1 - share, Exploration(ranked, SHARE, some.drawable, None)), *drawn]


@pytest.mark.parametrize(
    ("ranked", "new"),
    [
        (LENGTH_MIN, None),
        (20, None),
        (20, NEW_AMONG_TWENTY),
        (20, [False] * 20),
        (SLOT + 1 + BEYOND, None),
        (SLOT + 1 + BEYOND + 30, None),
    ],
)
class TestPropensity:
    def test_is_the_chance_over_all_outcomes(self, ranked: int, new: list[bool] | None) -> None:
        outcomes = every_outcome(ranked, new)
        stood: Counter[tuple[int, int]] = Counter()
        for chance, plan in outcomes:
            for position, rank in enumerate(plan.positions(0, ranked).tolist()):
                stood[position, rank] += chance  # type: ignore[assignment]
        for _, plan in outcomes:
            for position in range(ranked):
                expected = stood[position, plan.rank_at(position)]
                assert plan.propensity(position) == pytest.approx(float(expected), rel=1e-12)

    def test_every_product_stands_in_one_position(self, ranked: int, new: list[bool] | None) -> None:
        for _, plan in every_outcome(ranked, new):
            order = plan.positions(0, ranked).tolist()
            assert sorted(order) == list(range(ranked))
            assert [plan.position_of(rank) for rank in order] == list(range(ranked))

    def test_the_best_stay_where_they_are(self, ranked: int, new: list[bool] | None) -> None:
        for _, plan in every_outcome(ranked, new):
            assert plan.positions(0, SLOT).tolist() == list(range(SLOT))
            assert [plan.propensity(position) for position in range(SLOT)] == [1.0] * SLOT


class TestOneThatIsExplored:
    plan = Exploration(20, SHARE, np.array([7, 11, 19]), 11)

    def test_stands_at_the_slot_and_the_others_move_down(self) -> None:
        assert self.plan.positions(0, 20).tolist() == [0, 1, 2, 3, 11, 4, 5, 6, 7, 8, 9, 10, *range(12, 20)]

    def test_is_told_from_the_others(self) -> None:
        assert [position for position in range(20) if self.plan.is_explored(position)] == [SLOT]

    def test_knows_its_chance(self) -> None:
        assert self.plan.propensity(SLOT) == SHARE / 3
        assert self.plan.propensity(5) == SHARE  # the one of the slot, moved down
        assert self.plan.propensity(8) == SHARE * 2 / 3  # rank 7, moved down by 11 or 19
        assert self.plan.propensity(12) == 1 - SHARE + SHARE * 2 / 3  # stays, unless 19 moves it

    def test_a_page_ends_with_the_list(self) -> None:
        assert self.plan.positions(18, 30).tolist() == [18, 19]
        assert self.plan.positions(30, 40).tolist() == []


class TestWhoIsDrawn:
    def test_is_seldom_anybody_and_each_as_often(self) -> None:
        count, ranked = 20_000, 14
        drawn = Counter(plan.drawn for plan in plans(count, ranked))
        explored = count - drawn.pop(None)
        assert abs(explored / count - SHARE) < 3.3 * (SHARE * (1 - SHARE) / count) ** 0.5
        assert set(drawn) == set(range(SLOT + 1, ranked))
        expected = explored / len(drawn)
        chi_squared = sum((times - expected) ** 2 / expected for times in drawn.values())
        assert chi_squared < 26.1  # its 99.9 % quantile for eight degrees of freedom

    def test_is_one_of_the_new_where_there_are_any(self) -> None:
        assert {plan.drawn for plan in plans(2_000, 20, NEW_AMONG_TWENTY)} == {None, 7, 11, 19}

    def test_is_any_where_none_is_new(self) -> None:
        assert {plan.drawn for plan in plans(4_000, 12, [False] * 12)} == {None, *range(5, 12)}

    def test_is_the_same_for_all_pages(self) -> None:
        (list_id,) = list_ids(1)
        first, second = (exploring.plan(list_id, ranked=50, share=0.1) for _ in range(2))
        assert (first.drawn, first.positions(0, 50).tolist()) == (second.drawn, second.positions(0, 50).tolist())

    def test_comes_from_no_deeper_than_it_may(self) -> None:
        drawable = exploring.plan(SPACE, ranked=10_000, share=SHARE).drawable
        assert (drawable[0], drawable[-1]) == (SLOT + 1, SLOT + BEYOND)


class TestNobodyIsDrawn:
    def is_straight(self, plan: Exploration) -> bool:
        return plan.drawn is None and {plan.propensity(place) for place in range(plan.ranked)} <= {1.0}

    def test_in_a_short_list(self) -> None:
        assert all(self.is_straight(plan) for plan in plans(500, LENGTH_MIN - 1))

    def test_where_exploring_is_switched_off(self) -> None:
        assert all(self.is_straight(plan) for plan in plans(500, 50, share=0.0))

    def test_where_the_list_is_not_personal(self) -> None:
        assert self.is_straight(exploring.straight(50))


@pytest.mark.parametrize("share", ["0.11", "-0.01", "1"])
def test_a_share_beyond_the_cap_is_refused(share: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGAN_EXPLORE_SHARE", share)
    with pytest.raises(ValidationError):
        Settings()


def test_the_share_is_a_setting() -> None:
    assert exploring.plan(SPACE, ranked=50).share == 0.05


def test_the_log_tells_what_another_policy_would_earn() -> None:
    """Each product is clicked by how far down it ranks, the deeper the more, which the ranking does not know."""
    rng = np.random.default_rng(20_261_122)
    wanted = np.linspace(0.1, 0.6, 14)
    lists = plans(40_000, 14, share=0.10)
    shown = np.array([plan.rank_at(SLOT) for plan in lists])
    propensity = np.array([plan.propensity(SLOT) for plan in lists])
    clicked = rng.random(len(lists)) < wanted[shown]
    another = np.where(shown == 13, 1.0, 0.0)  # it would always show the last one there
    weighed = clicked * another / propensity
    error = weighed.std() / len(lists) ** 0.5
    assert abs(weighed.mean() - wanted[13]) < 3 * error
    assert clicked.mean() < 0.28  # what exploring itself earned tells nothing of that
