"""Odd books end in a model or in a sentence, never in a traceback."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.books import parsing
from ml.books.describing import parse
from ml.books.findings import BookRefused
from ml.books.preparing import prepare
from ml.lab.evaluation import judged
from tests.ml.loan_books import described, loan_book

WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def changed(**columns: Callable[[pd.DataFrame], Any]) -> pd.DataFrame:
    book = loan_book(400)
    return book.assign(**{name: change(book) for name, change in columns.items()})


def refused(book: pd.DataFrame, **changes: Any) -> str:
    with pytest.raises(BookRefused) as refusal:
        prepare(book, described(**changes))
    return str(refusal.value)


def test_full_width_digits_are_the_same_digits() -> None:
    book = changed(
        income=lambda book: book.income.map(lambda cell: cell.translate(WIDE)),
        defaulted=lambda book: book.defaulted.map(lambda cell: cell.translate(WIDE)),
    )
    wide, plain = prepare(book, described()), prepare(loan_book(400), described())
    pd.testing.assert_frame_equal(wide.frame, plain.frame)
    np.testing.assert_array_equal(wide.bad, plain.bad)


def test_a_third_outcome_is_asked_for_by_name() -> None:
    running = np.random.default_rng(0).random(400) < 0.35
    book = changed(defaulted=lambda book: np.where(running, "current", book.defaulted.map({"1": "bad", "0": "paid"})))
    told = refused(book, bad=["bad"])
    assert "besides what is bad the target says" in told
    assert "'current'" in told and "'paid'" in told and "`unfinished`" in told
    kept = prepare(book, described(bad=["bad"], unfinished=["current"]))
    assert (len(kept), kept.bads) == (int((~running).sum()), int((loan_book(400).defaulted[~running] == "1").sum()))
    assert any(f"{int(running.sum())} loans have not come to their end" in warning for warning in kept.notes.warnings)
    assert prepare(book, described(bad=["bad"], good=["paid", "current"])).bads == kept.bads


@pytest.mark.parametrize("endless", ["inf", "1e999", "-Infinity"])
def test_an_endless_number_is_none(endless: str) -> None:
    values, wrong = parsing.numbers(pd.Series(["1", endless, "2.5"], dtype=object))
    assert values.isna().tolist() == wrong.tolist() == [False, True, False]
    assert "row 1, column w: a weight must be above 0" in refused(changed(w=lambda book: endless), weights="w")
    assert "row 1, column t: this is no time" in refused(changed(t=lambda book: endless), time="t")


def test_one_customer_alone_cannot_be_split() -> None:
    assert "there are 1 customers; it takes 50" in refused(changed(who=lambda book: "x"), customer="who")


@pytest.mark.parametrize("cuts", [["a", "b", "c"], [0.1, "x", 0.5], [True, True, True], [float("nan")] * 3, 0.5])
def test_grades_are_numbers(cuts: Any) -> None:
    with pytest.raises(BookRefused, match="`grades` must be three rising probabilities"):
        parse({"target": "x", "bad": ["1"], "grades": cuts})


@pytest.mark.parametrize("seed", range(6))
def test_the_interval_of_the_ece_holds_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-1.4, 0.8, 3_000)
    bad = (rng.random(3_000) < 1 / (1 + np.exp(-log_odds))).astype(float)
    told = judged(bad, log_odds, np.ones(3_000), seed=seed)
    low, high = told.intervals["ece"]
    assert 0 <= low <= told.figures.ece <= high
