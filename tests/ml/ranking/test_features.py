"""No feature knows the label it is to tell, nor one of a test user."""

import numpy as np
import pandas as pd

from ml.books.findings import Notes
from ml.ranking import features
from ml.ranking.history import before, last_before
from ml.ranking.rates import Before
from ml.ranking.splitting import split
from ml.ranking.table import checked
from tests.ml.ranking.tables import habits, tastes


def test_rates_come_from_earlier_turns_and_never_from_the_test() -> None:
    key, turn = np.array([0, 0, 0, 1, 0]), np.array([2, 0, 2, 1, 3])
    label, is_test = np.array([1.0, 1.0, 0.0, 1.0, 1.0]), turn == 3
    rate, count = Before.of(label, turn, is_test).rate(key, prior=np.full(5, 0.5), strength=2.0)
    assert count.tolist() == [1, 0, 1, 0, 3]
    assert rate.tolist() == [2 / 3, 1 / 2, 2 / 3, 1 / 2, 3 / 5]


def test_the_past_ends_before_the_same_moment() -> None:
    key, time = np.array([0, 0, 0, 0, 1]), np.array([1.0, 2.0, 2.0, 3.0, 9.0])
    values = np.array([1.0, 1.0, 0.0, 1.0, 1.0])
    assert before(key, time, values).tolist() == [0, 1, 1, 2, 0]
    np.testing.assert_array_equal(last_before(key, time, values), [np.nan, 1, 1, 2, np.nan])


def test_labels_of_test_users_change_nothing() -> None:
    frame = tastes(200)
    table = checked(frame, Notes())
    parts = split(table)
    known = features.rows(table, parts)
    hidden = table.users[np.unique(table.user[parts.is_test])]
    swapped = frame.assign(
        label=np.where(frame.user_id.isin(hidden), np.where(frame.label == "1", "0", "1"), frame.label)
    )
    other = checked(swapped, Notes())
    assert (other.label[parts.is_test] != table.label[parts.is_test]).all()
    pd.testing.assert_frame_equal(features.rows(other, split(other)).frame, known.frame)


def test_a_users_own_labels_change_nothing_in_his_row_without_time() -> None:
    frame = tastes(200)
    table = checked(frame, Notes())
    parts = split(table)
    known = features.rows(table, parts)
    one = int(table.user[np.flatnonzero(~parts.is_test)[0]])
    mine = frame.user_id == table.users[one]
    other = checked(frame.assign(label=np.where(mine, np.where(frame.label == "1", "0", "1"), frame.label)), Notes())
    changed = features.rows(other, split(other))
    pd.testing.assert_frame_equal(changed.frame[changed.user == one], known.frame[known.user == one])


def test_own_history_counts_earlier_rows_of_the_item() -> None:
    table = checked(habits(60, 10), Notes())
    rows = features.rows(table, split(table))
    own = rows.frame["own hits of item"].to_numpy()
    earlier = np.bincount(table.user * 10 + table.item, table.label * ~table.is_asked)
    np.testing.assert_array_equal(own, earlier[rows.user * 10 + rows.item])
