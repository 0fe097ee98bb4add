"""Figures against values worked out by hand or by another library."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from ml.figures.metrics import Ranked, bootstrap_weights, calibration_bins, ece, figures, noise_band, psi


def test_a_tiny_book_by_hand() -> None:
    found = figures(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.4, 0.35, 0.8]))
    assert found.auc == pytest.approx(0.75)
    assert found.ks == pytest.approx(0.5)
    assert found.brier == pytest.approx((0.01 + 0.16 + 0.4225 + 0.04) / 4)


def test_ties_count_one_half() -> None:
    assert figures(np.array([0.0, 1.0, 0.0, 1.0]), np.full(4, 0.3)).auc == pytest.approx(0.5)


def test_weights_count_like_repeated_rows_and_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    chance = rng.random(400).round(2)
    bad = (rng.random(400) < chance).astype(float)
    weights = rng.integers(1, 4, 400).astype(float)
    weighted = figures(bad, chance, weights)
    copies = weights.astype(int)
    repeated = figures(np.repeat(bad, copies), np.repeat(chance, copies))
    assert weighted.auc == pytest.approx(repeated.auc)
    assert weighted.ks == pytest.approx(repeated.ks)
    assert weighted.auc == pytest.approx(roc_auc_score(bad, chance, sample_weight=weights))
    assert weighted.brier == pytest.approx(brier_score_loss(bad, chance, sample_weight=weights))
    assert weighted.logloss == pytest.approx(log_loss(bad, np.clip(chance, 1e-9, 1 - 1e-9), sample_weight=weights))


def test_one_class_alone_has_no_auc() -> None:
    assert np.isnan(Ranked(np.ones(5), np.arange(5.0)).auc(np.ones(5)))


def test_ece_of_ten_equal_bins() -> None:
    chance = np.repeat(np.arange(10) / 10 + 0.05, 100)
    bad = np.concatenate([np.arange(100) < 100 * (i / 10) for i in range(10)]).astype(float)
    assert ece(bad, chance) == pytest.approx(0.05)
    bins = calibration_bins(bad, chance, np.ones(1000))
    assert [round(each.bad_rate, 2) for each in bins] == [i / 10 for i in range(10)]


def test_a_perfect_model_lies_in_its_own_noise_band() -> None:
    rng = np.random.default_rng(3)
    chance = rng.beta(2, 8, 6_000)
    low, high = noise_band(chance, seed=1)
    assert low < ece((rng.random(6_000) < chance).astype(float), chance) < high
    assert 0.015 < high < 0.021  # 6,000 rows at a base rate of .2 show .012 on average


def test_psi_is_zero_for_equal_shares_and_as_computed_by_hand_otherwise() -> None:
    assert psi(np.array([0.5, 0.5]), np.array([0.5, 0.5])) == 0
    expected = (0.8 - 0.5) * np.log(0.8 / 0.5) + (0.2 - 0.5) * np.log(0.2 / 0.5)
    assert psi(np.array([0.5, 0.5]), np.array([0.8, 0.2])) == pytest.approx(expected)
    assert np.isfinite(psi([1.0, 0.0], [0.0, 1.0]))


def test_a_bootstrap_keeps_groups_together() -> None:
    groups = np.array([7, 7, 9, 9, 9])
    for weights in bootstrap_weights(5, groups, draws=20, seed=0):
        assert weights[0] == weights[1]
        assert weights[2] == weights[3] == weights[4]
