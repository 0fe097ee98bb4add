"""Cells as numbers, dates and words."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.books.parsing import dates, numbers, same_word, share_of_dates


def cells(*values: Any) -> "pd.Series[Any]":
    return pd.Series(list(values), dtype=object)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (("1", "2.5", "-3e2", " 4 "), (1, 2.5, -300, 4)),
        (("13.5%", "7 %"), (13.5, 7)),
        (("1,234", "1,000,000.5", "12"), (1234, 1000000.5, 12)),
        (("1.234,5", "12,5", "3"), (1234.5, 12.5, 3)),
        (("$1,200", "(30)", "¥5"), (1200, -30, 5)),
        (("yes", "No"), (1, 0)),
        (("是", "否"), (1, 0)),
    ],
)
def test_numbers_of_many_countries(written: tuple[str, ...], meant: tuple[float, ...]) -> None:
    found, wrong = numbers(cells(*written))
    assert found.tolist() == list(meant)
    assert not wrong.any()


def test_nothing_is_missing_and_a_word_is_wrong() -> None:
    found, wrong = numbers(cells("1", "", "unknown", None, "N/A", "abc"))
    assert np.isnan(found[1:]).all()
    assert wrong.tolist() == [False] * 5 + [True]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (("2020-01-02", "2020/3/4", "2020-01-02T10:00:00Z"), ("2020-01-02", "2020-03-04", "2020-01-02")),
        (("13/02/2020", "01/03/2020"), ("2020-02-13", "2020-03-01")),
        (("02/13/2020", "01/03/2020"), ("2020-02-13", "2020-01-03")),
        (("20150131",), ("2015-01-31",)),
        (("2015年3月1日",), ("2015-03-01",)),
        (("31.12.2010",), ("2010-12-31",)),
        (("Jan-2015", "Dec-11"), ("2015-01-01", "2011-12-01")),
    ],
)
def test_dates_of_many_countries(written: tuple[str, ...], meant: tuple[str, ...]) -> None:
    found, wrong = dates(cells(*written))
    assert [str(day.date()) for day in found] == list(meant)
    assert not wrong.any()
    assert share_of_dates(cells(*written)) == 1


def test_numbers_are_no_dates() -> None:
    assert share_of_dates(cells("5191.0", "93.994", "2015", "12", "150000")) == 0


def test_never_is_no_date_but_no_mistake() -> None:
    found, wrong = dates(cells("9999-12-31", "2020-01-01", "soon"))
    assert found.isna().tolist() == [True, False, True]
    assert wrong.tolist() == [False, False, True]


def test_one_value_has_one_spelling() -> None:
    assert same_word(" 1.0 ") == same_word("1") == "1"
    assert same_word("Yes") == same_word("yes")
