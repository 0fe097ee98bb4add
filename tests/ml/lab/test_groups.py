"""Groups are compared openly."""

import numpy as np
import pandas as pd
import pytest

from ml.lab.groups import by_group
from ml.models.scale import Cuts


def test_rates_ratio_and_gap_by_hand() -> None:
    low, high = np.log(0.1 / 0.9), np.log(0.4 / 0.6)
    log_odds = np.array([low] * 80 + [high] * 20 + [low] * 40 + [high] * 60)
    bad = np.zeros(200)
    bad[:10], bad[100:160] = 1, 1
    sensitive = pd.DataFrame({"sex": ["f"] * 100 + ["m"] * 100})
    first, second = by_group(bad, log_odds, np.ones(200), sensitive, Cuts())
    assert (first.group, first.rows, first.bad_rate, first.approved) == ("f", 100, 0.1, 0.8)
    assert (second.bad_rate, second.approved) == (0.6, 0.4)
    assert second.ratio == pytest.approx(0.5)
    assert second.gap == pytest.approx(0.28 - 0.6)
    assert second.concerns == ("approved less than four fifths as often", "PD too low")
    assert first.ratio == 1
