"""Tables are refused by row and column, or read with their types."""

import numpy as np
import pandas as pd
import pytest

from ml.books.findings import BookRefused, Notes
from ml.ranking.table import checked


def table(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()})


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"label": ["1", "x", "0"]}, [(2, "label", "'x' is no number")]),
        ({"label": ["1", "-1", "0"]}, [(2, "label", "'-1' is below zero; a label is 0, 1 or a grade")]),
        ({"label": ["0", "0", "0"]}, [(None, "label", "no label is above zero, so there is nothing to find")]),
        ({"label": ["2", "2", "2"]}, [(None, "label", "all labels are equal, so no order is better than another")]),
        ({"label": [1.0, float("inf"), 0.0]}, [(2, "label", "inf is no number")]),
        ({"u_x": [1, [1], 2]}, [(2, "u_x", "this cell holds several things; a cell is one number, word or date")]),
        ({"user_id": ["a", "", "b"]}, [(2, "user_id", "'' names nobody")]),
        ({"item_id": ["x", "x", "y"]}, [(2, "item_id", "this user has another row with this item")]),
        ({"time": ["2026-01-01", "soon", "2026-01-02"]}, [(2, "time", "'soon' is neither a number nor a date")]),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, list[object]], places: list[tuple[object, ...]]) -> None:
    cells: dict[str, list[object]] = {"user_id": ["a", "a", "b"], "item_id": ["x", "y", "y"], "label": ["1", "0", "0"]}
    with pytest.raises(BookRefused) as refused:
        checked(table(**{**cells, **changes}), Notes())
    assert [(each.row, each.column, each.why) for each in refused.value.findings] == places


def test_a_missing_column_is_named() -> None:
    with pytest.raises(BookRefused, match="column item_id: there is no such column; there are user_id, label"):
        checked(table(user_id=["a"], label=["1"]), Notes())


def test_types_are_found_and_rows_sorted() -> None:
    notes = Notes()
    found = checked(
        table(
            user_id=["b", "1", "1"],
            item_id=["x", "y", "x"],
            label=["3", "0", "1"],
            u_age=["40", "", "30"],
            i_kind=["loan", "lease", "loan"],
            i_same=["1", "1", "1"],
            other=["?", "?", "?"],
        ),
        notes,
    )
    assert found.users.tolist() == ["b", "1"]
    assert found.user.tolist() == [0, 1, 1]
    assert found.is_graded and not found.has_repeats
    assert [(column.name, column.kind) for column in found.columns] == [("u_age", "number"), ("i_kind", "category")]
    np.testing.assert_array_equal(found.columns[0].values, [40, 30, np.nan])
    np.testing.assert_array_equal(found.columns[1].values, [0, 0, 1])
    assert notes.left_out == {"i_same": "the same in every row", "other": "neither u_* nor i_*"}


def test_a_pair_may_come_back_later_and_only_its_last_row_is_ranked() -> None:
    found = checked(table(user_id=["a", "a"], item_id=["x", "x"], label=["1", "0"], time=["2", "1"]), Notes())
    assert found.label.tolist() == [0, 1]
    assert found.is_asked.tolist() == [False, True]
