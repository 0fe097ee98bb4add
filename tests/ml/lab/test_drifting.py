"""Rows that come from elsewhere are told by their inputs."""

import numpy as np

from ml.books.preparing import prepare
from ml.figures.drift import LOOK_FROM, STOP_FROM
from ml.lab.drifting import drifts
from tests.ml.loan_books import described, loan_book


def test_a_shifted_input_stands_first_and_the_others_are_calm() -> None:
    table = loan_book(2_000)
    table.loc[1_000:, "noise"] = (table.loc[1_000:, "noise"].astype(float) + 2).astype(str)
    book = prepare(table, described())
    (first, most), *others = drifts(book, (np.arange(1_000), np.arange(1_000, 2_000)))
    assert first == "noise"
    assert most > STOP_FROM
    assert all(value < LOOK_FROM for _, value in others)
