"""The figures, against lists small enough to count by hand."""

from math import log2

import numpy as np
import pytest

from ml.ranking.measuring import draws, interval, measure, ndcg

USER = np.array([0, 0, 0, 1, 1, 2])
ITEM = np.array([0, 1, 2, 0, 1, 2])
LABEL = np.array([0.0, 2.0, 1.0, 1.0, 0.0, 0.0])
SCORE = np.array([3.0, 2.0, 1.0, 1.0, 2.0, 1.0])
LOT = np.zeros(6)


def test_figures_of_three_users() -> None:
    found = measure(SCORE, USER, ITEM, LABEL, LOT, np.array([1.0, 2.0, 3.0, 9.0]))
    first = (2 / log2(3) + 1 / 2) / (2 + 1 / log2(3))
    second = 1 / log2(3)
    assert found.figures["ndcg@1"] == 0.0
    assert found.figures["ndcg@5"] == pytest.approx((first + second) / 2)
    assert found.figures["map@7"] == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1 / 2) / 2)
    assert found.figures["novelty"] == pytest.approx((2.0 + 1.5 + 3.0) / 3)
    assert found.coverage == 0.75
    assert np.isnan(found.per_user[2, :3]).all()
    assert ndcg(SCORE, USER + 7, LABEL, LOT).tolist() == pytest.approx([first, second])


def test_whoever_likes_all_alike_is_not_judged() -> None:
    """Any order of their list is right, and a list of one is always in order: they would lift every figure to one."""
    user, label = np.array([0, 0, 1, 2, 2, 3]), np.array([1.0, 0.0, 1.0, 2.0, 2.0, 0.0])
    found = measure(np.zeros(6), user, np.arange(6), label, np.arange(6.0), np.ones(6))
    assert found.per_user[0, :3].tolist() == [1.0, 1.0, 1.0]
    assert np.isnan(found.per_user[1:, :3]).all()
    assert ndcg(np.zeros(6), user, label, np.arange(6.0)).tolist() == [1.0]


def test_equal_scores_are_ordered_by_lot_and_never_by_label() -> None:
    label = np.array([1.0, 0.0])
    ahead = ndcg(np.zeros(2), np.zeros(2, np.int64), label, np.array([1.0, 2.0]))
    behind = ndcg(np.zeros(2), np.zeros(2, np.int64), label, np.array([2.0, 1.0]))
    assert ahead.tolist() == [1.0]
    assert behind.tolist() == pytest.approx([1 / log2(3)])


def test_the_interval_has_the_width_of_a_mean() -> None:
    values = np.random.default_rng(1).normal(0.5, 0.2, 2_000)
    low, high = interval(np.append(values, np.nan), draws(2_001, seed=1))
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * 0.2 / 2_000**0.5, rel=0.12)
