"""No feature knows the label it is to tell, nor one of a test user."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ml.books.findings import Notes
from ml.ranking import features
from ml.ranking.history import before, last_before
from ml.ranking.rates import Before
from ml.ranking.splitting import split
from ml.ranking.table import checked
from tests.ml.ranking.tables import coins, habits, tastes


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


def test_the_past_of_a_list_ends_where_the_list_begins() -> None:
    key, time = np.array([0, 0, 0, 1]), np.array([1.0, 2.0, 3.0, 2.0])
    at = np.array([1.0, 2.5, 2.5, 9.0])
    assert before(key, time, np.array([1.0, 10.0, 100.0, 7.0]), at).tolist() == [0, 11, 11, 7]
    np.testing.assert_array_equal(last_before(key, time, np.array([1.0, 0.0, 1.0, 0.0]), at), [np.nan, 1, 1, np.nan])


@given(
    rows=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 6), st.integers(0, 1)), max_size=40)
)
def test_the_past_is_what_an_oracle_finds(rows: list[tuple[int, int, int, int]]) -> None:
    if not rows:
        return
    key, time, at, value = (np.array(column, float) for column in zip(*rows, strict=True))
    sums = [sum(v for k, t, _, v in rows if k == key[n] and t < at[n]) for n in range(len(rows))]
    lasts = [
        max((t for k, t, _, v in rows if k == key[n] and t < at[n] and v), default=np.nan) for n in range(len(rows))
    ]
    assert before(key.astype(int), time, value, at).tolist() == sums
    np.testing.assert_array_equal(last_before(key.astype(int), time, value, at), lasts)


def test_labels_of_a_list_change_nothing_in_the_same_list() -> None:
    frame = coins(120, apart=60.0)
    known, other = (
        features.rows(table, split(table))
        for table in (checked(frame, Notes()), checked(frame.assign(label=1 - frame.label), Notes()))
    )
    names = [name for name in known.frame.columns if name.startswith(("own", "time"))]
    assert len(names) >= 4
    pd.testing.assert_frame_equal(known.frame[names], other.frame[names])


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
