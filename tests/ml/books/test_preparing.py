"""A book is understood, or refused by row and column; poison is named."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.books.book import Book
from ml.books.findings import BookRefused, Finding, Notes
from ml.books.preparing import prepare
from tests.ml.loan_books import described, loan_book

TODAY = date(2026, 11, 22)


def prepared(table: pd.DataFrame, **changes: Any) -> Book:
    return prepare(table, described(**changes), notes=Notes(), today=TODAY)


def refused(table: pd.DataFrame, **changes: Any) -> list[Finding]:
    with pytest.raises(BookRefused) as caught:
        prepared(table, **changes)
    return caught.value.findings


def bad_of(table: pd.DataFrame) -> "pd.Series[Any]":
    return table["defaulted"].astype(int)


class TestInputs:
    def test_numbers_come_first_then_flags_then_categories(self) -> None:
        book = prepared(loan_book())
        assert [(each.name, each.kind, each.monotone) for each in book.inputs] == [
            ("income", "number", -1),
            ("delays", "number", 1),
            ("noise", "number", 0),
            ("delays = -9", "number", 0),
            ("purpose", "category", 0),
        ]
        assert book.numbers == 4

    def test_a_sentinel_code_is_missing_and_flagged(self) -> None:
        table = loan_book()
        book = prepared(table)
        coded = (table["delays"] == "-9").to_numpy()
        assert np.isnan(book.frame["delays"].to_numpy()[coded]).all()
        assert book.frame["delays = -9"].to_numpy().tolist() == coded.astype(float).tolist()

    def test_a_code_that_nobody_declared_is_found(self) -> None:
        table = loan_book()
        table.loc[:39, "delays"] = "98"
        book = prepared(table)
        assert np.isnan(book.frame["delays"].to_numpy()[:40]).all()
        assert "In delays, 98 look like codes: they are taken as missing, with a flag." in book.notes.warnings

    def test_sensitive_excluded_and_undescribed_columns_are_no_inputs(self) -> None:
        book = prepared(loan_book(), exclude=["noise"])
        assert {"sex", "noise"}.isdisjoint(book.frame.columns)
        assert book.notes.left_out["sex"] == "it is sensitive: only for the fairness report"
        assert set(book.sensitive["sex"]) == {"f", "m"}
        listed = prepared(loan_book(), features=["income"])
        assert list(listed.frame.columns) == ["income"]

    def test_identifiers_text_and_constants_are_left_out(self) -> None:
        table = loan_book()
        table["row"] = [str(i) for i in range(len(table))]
        table["amountPaid"] = np.random.default_rng(0).permutation(100_000)[:800].astype(str)
        table["loanId"] = table["amountPaid"].to_numpy()[::-1]
        table["contract"] = [f"K{i:05d}" for i in range(len(table))]
        table["remark"] = [f"pays late now and then {i}" for i in range(len(table))]
        table["country"] = "CN"
        table["blank"] = ""
        left_out = prepared(table).notes.left_out
        assert left_out["row"] == "it numbers the rows"
        assert left_out["loanId"] == "it looks like an identifier"
        assert "amountPaid" not in left_out
        assert left_out["contract"].startswith("it looks like an identifier")
        assert left_out["remark"] == "it is free text"
        assert left_out["country"] == "it always holds CN"
        assert left_out["blank"] == "it is empty"

    def test_a_date_becomes_days_before_the_loan(self) -> None:
        table = loan_book()
        table["issued"] = pd.Series(
            pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(800) % 300, unit="D")
        ).astype(str)
        table["opened"] = pd.Series(pd.to_datetime(table["issued"]) - pd.Timedelta(days=100)).astype(str)
        table.loc[0, "opened"] = "2023-12-31"
        book = prepared(table, time="issued")
        assert book.frame["opened"].iloc[[0, 1]].tolist() == [1.0, 100.0]
        assert "issued" not in book.frame.columns
        assert book.moments is not None

    def test_a_category_of_numbers_and_words_keeps_its_levels(self) -> None:
        table = loan_book()
        table["children"] = np.random.default_rng(0).choice(["0", "1", "2", "3+"], len(table))
        book = prepared(table)
        assert next(each for each in book.inputs if each.name == "children").levels[:1] != ()
        assert set(book.frame["children"]) == {"0", "1", "2", "3+"}


class TestRefusals:
    def test_a_word_among_numbers_is_named_by_row_and_column(self) -> None:
        table = loan_book()
        table.loc[16, "income"] = "lots"
        why = "'lots' is not a number, but the other cells of this column are"
        assert refused(table) == [Finding(17, "income", why)]

    def test_an_unknown_outcome_is_named_by_row(self) -> None:
        table = loan_book()
        table.loc[[3, 9], "defaulted"] = ["?", ""]
        assert [(each.row, each.column) for each in refused(table)] == [(4, "defaulted"), (10, "defaulted")]

    @pytest.mark.parametrize("time", ["issued", None])
    def test_a_date_in_the_future_is_named(self, time: str | None) -> None:
        table = loan_book()
        table["issued"] = "2024-05-06"
        table.loc[:400, "issued"] = "2023-05-06"
        table.loc[41, "issued"] = "2031-02-03"
        changes = {"time": time} if time else {}
        assert refused(table, **changes) == [Finding(42, "issued", "2031-02-03 lies in the future")]

    def test_a_turned_target_is_named(self) -> None:
        finding = refused(loan_book(), bad=["0"])[0]
        assert finding.column == "defaulted"
        assert finding.why.startswith("the target looks inverted")

    def test_a_column_that_the_book_lacks_is_named_with_a_guess(self) -> None:
        found = refused(loan_book(), exclude=["incomes"])
        assert found == [
            Finding(None, "incomes", "the description names this column, but the book has none; did you mean 'income'?")
        ]

    def test_a_weight_must_be_positive(self) -> None:
        table = loan_book()
        table["w"] = "2"
        table.loc[7, "w"] = "-1"
        assert refused(table, weights="w") == [Finding(8, "w", "a weight must be above 0")]

    def test_too_few_outcomes_are_refused(self) -> None:
        assert refused(loan_book(60))[0].why.endswith("are too few to learn from")

    def test_a_target_without_the_bad_value_is_refused(self) -> None:
        assert refused(loan_book(), bad=["9"])[0].why == "no row holds '9', which is described as bad"


class TestLeaks:
    def test_a_near_copy_of_the_target_is_left_out(self) -> None:
        table = loan_book()
        table["x"] = (bad_of(table) + np.random.default_rng(0).normal(0, 0.2, len(table))).astype(str)
        notes = prepared(table).notes
        assert notes.leaks == ["x"]
        assert notes.left_out["x"] == "leak: alone it tells good from bad with an AUC of 1.000"

    def test_a_column_that_is_filled_for_the_bad_only(self) -> None:
        table = loan_book()
        table["note"] = np.where(bad_of(table) == 1, "2019-05-01", "")
        assert prepared(table).notes.leaks == ["note"]

    def test_a_copy_with_every_tenth_cell_wrong(self) -> None:
        table = loan_book()
        wrong = np.random.default_rng(0).random(len(table)) < 0.1
        table["flag"] = (bad_of(table) ^ wrong).astype(int).astype(str)
        book = prepared(table)
        assert book.notes.leaks == ["flag"]
        assert "flag" not in book.frame.columns

    def test_a_name_of_what_comes_afterwards_is_named_but_only_strong_ones_go(self) -> None:
        table = loan_book()
        random = np.random.default_rng(0).normal(0, 1, len(table))
        table["total_paid"] = (random - 2 * bad_of(table)).astype(str)
        table["closed_before"] = np.random.default_rng(1).normal(0, 1, len(table)).astype(str)
        book = prepared(table)
        assert sorted(book.notes.leaks) == ["closed_before", "total_paid"]
        assert "total_paid" not in book.frame.columns
        assert "closed_before" in book.frame.columns

    def test_a_reviewed_column_stays(self) -> None:
        table = loan_book()
        table["total_paid"] = (np.random.default_rng(0).normal(0, 1, len(table)) - 2 * bad_of(table)).astype(str)
        book = prepared(table, reviewed=["total_paid"])
        assert book.notes.leaks == ["total_paid"]
        assert "total_paid" in book.frame.columns


class TestRows:
    def test_duplicated_rows_are_named_and_kept_out(self) -> None:
        table = loan_book()
        book = prepared(pd.concat([table, table.iloc[:30]], ignore_index=True))
        assert len(book) == 800
        assert book.notes.warnings[0].startswith("30 duplicated rows (row 801 repeats row 1, row 802 repeats row 2")

    def test_rows_with_equal_inputs_share_a_group(self) -> None:
        table = loan_book()
        again = table.iloc[:30].assign(sex="x")
        groups = prepared(pd.concat([table, again], ignore_index=True)).groups
        assert groups is not None
        assert (groups[800:] == groups[:30]).all()

    def test_declined_applications_are_kept_out(self) -> None:
        table = loan_book()
        table["approved"] = "yes"
        table.loc[:99, ["approved", "defaulted"]] = ["no", ""]
        book = prepared(table, decision="approved")
        assert (len(book), book.rejects) == (700, 100)
        assert book.notes.warnings[0].startswith("100 declined applications are kept out of fitting")

    def test_rows_are_counted_in_the_file_even_after_rejects(self) -> None:
        table = loan_book()
        table["approved"] = "yes"
        table.loc[:99, "approved"] = "no"
        table.loc[200, "defaulted"] = ""
        assert [each.row for each in refused(table, decision="approved")] == [201]

    def test_people_of_whom_nothing_is_known_are_no_duplicates(self) -> None:
        table = loan_book().assign(**{f"more{i}": np.arange(800).astype(str) for i in range(4)})
        table.loc[700:, table.columns.drop("defaulted")] = "-9"
        book = prepared(table)
        assert len(book) == 800
        assert book.groups is None
