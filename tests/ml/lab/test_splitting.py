"""Nothing of the tested rows may be known while learning."""

from typing import Any

import numpy as np
import pandas as pd

from ml.books.book import Book
from ml.books.preparing import prepare
from ml.lab import splitting
from tests.ml.loan_books import described, loan_book


def book_with(columns: dict[str, Any], rows: int = 800, **changes: Any) -> Book:
    return prepare(loan_book(rows).assign(**columns), described(**changes))


def test_folds_cover_all_rows_once_with_equal_shares_of_bads() -> None:
    book = book_with({})
    split = splitting.outer(book)
    assert split.kind == "stratified"
    assert sorted(np.concatenate([test for _, test in split.folds])) == list(range(800))
    rates = [book.bad[test].mean() for _, test in split.folds]
    assert max(rates) - min(rates) < 0.01


def test_a_customer_stays_on_one_side() -> None:
    customers = np.random.default_rng(0).integers(0, 250, 800).astype(str)
    split = splitting.outer(book_with({"who": customers}, customer="who"))
    assert split.kind == "customer"
    for learn, test in split.folds:
        assert not set(customers[learn]) & set(customers[test])


def test_the_latest_fifth_is_tested() -> None:
    days = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(800) // 2, unit="D")).astype(str)
    split = splitting.outer(book_with({"issued": days}, time="issued"))
    assert split.kind == "time"
    (learn, test), *others = split.folds
    assert not others
    assert days[learn].max() < days[test].min()
    assert len(test) == 160


def test_a_latest_part_without_outcomes_falls_back_and_says_so() -> None:
    days = np.where(np.arange(800) < 5, "2025-01-01", "2024-01-01")
    book = book_with({"issued": days}, time="issued")
    assert splitting.outer(book).kind == "stratified"
    assert book.notes.warnings[-1].startswith("There are too few outcomes in the latest loans")


def test_quick_holds_out_one_fifth() -> None:
    split = splitting.outer(book_with({}), quick=True)
    assert [len(test) for _, test in split.folds] == [160]
