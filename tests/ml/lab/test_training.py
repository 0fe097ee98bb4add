"""From a book to an artefact, with figures that hold on rows nobody has seen."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from ml.books.book import Book
from ml.books.findings import BookRefused
from ml.books.inputs import values
from ml.figures.metrics import figures, noise_band
from ml.lab import candidates
from ml.lab.calibration import probability
from ml.lab.comparing import Comparison, compare
from ml.lab.evaluation import judged
from ml.lab.training import Trained, train
from ml.models.artefact import Kind
from ml.report import summary
from ml.report.page import page
from tests.ml.loan_books import described, loan_book


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(loan_book(2_500), described())


@pytest.fixture(scope="module")
def compared(trained: Trained) -> Comparison:
    rough = train(loan_book(500, seed=9), described(features=["noise", "purpose"]), quick=True)
    return compare({"good": trained.artefact, "rough": rough.artefact}, loan_book(3_000, seed=2), described())


def test_the_printed_figures_hold_on_fresh_loans(trained: Trained) -> None:
    report, fresh = trained.report, loan_book(6_000, seed=2)
    log_odds = trained.artefact.log_odds(values(trained.artefact.inputs, fresh).to_numpy(dtype=object))
    bad, chance = fresh["defaulted"].to_numpy(dtype=np.float64), probability(log_odds)
    low, high = report.judgement.intervals["auc"]
    assert low - 0.01 < figures(bad, chance).auc < high + 0.01
    assert figures(bad, chance).ece < 1.5 * noise_band(chance)[1]
    assert sorted(report.rows) == list(range(2_500))
    assert report.judgement.is_calibrated


def test_grades_cover_everybody_and_tell_the_truth(trained: Trained) -> None:
    lines = trained.report.grades
    assert [line.grade for line in lines] == ["A", "B", "C", "D"]
    assert sum(line.share for line in lines) == pytest.approx(1)
    rates = [line.bad_rate for line in lines if line.bad_rate is not None and line.share > 0.05]
    assert rates == sorted(rates)


def test_the_summary_has_what_the_contract_names(trained: Trained) -> None:
    told = summary.of_training(trained, page="page.html")
    named = "model kind rows auc ks brier logloss ece split grades leaks warnings seconds".split()
    assert set(named) <= told.keys()
    assert told["rows"] == 2_500
    assert told["split"] == "stratified"
    assert told["kind"] in ("catboost", "logistic", "scorecard")
    assert told["grades"][0].keys() == {"grade", "share", "bad_rate", "mean_pd"}


def test_few_bads_leave_only_the_simple_models() -> None:
    report = train(loan_book(400), described(), quick=True).report
    assert {trial.kind for trial in report.search.trials} == {"scorecard", "logistic"}
    assert any(told.startswith("There are only") for told in report.notes.warnings)


def test_the_card_tells_where_the_figures_come_from(trained: Trained) -> None:
    card = trained.artefact.card
    assert card["data"]["rows"] == 2_500
    assert card["split"] == "stratified"
    assert card["figures"]["auc"] == trained.report.judgement.figures.auc
    profile = trained.artefact.profile
    assert sum(profile["inputs"]["income"]["shares"]) == pytest.approx(1)
    assert profile["inputs"]["purpose"]["levels"] == sorted(
        profile["inputs"]["purpose"]["levels"],
        key=lambda level: -dict(zip(*profile["inputs"]["purpose"].values(), strict=True))[level],
    )


def test_the_page_needs_no_other_host(trained: Trained) -> None:
    written = page(trained, title="book <1>.csv")
    assert "book &lt;1&gt;.csv" in written
    assert "http" not in written
    assert "<script" not in written
    assert written.count("<svg") == 5
    assert "By group" in written


def test_the_order_of_the_file_changes_nothing() -> None:
    table = loan_book(400)
    first, second = (
        train(each, described(), quick=True)
        for each in (table, table.sample(frac=1, random_state=3).reset_index(drop=True))
    )
    assert first.artefact.version == second.artefact.version
    assert first.report.judgement == second.report.judgement


def test_the_figures_are_of_the_kind_that_ships(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    search = candidates.search

    def watched(book: Book, *, kinds: Sequence[Kind] = candidates.KINDS, **more: Any) -> candidates.Search:
        asked.append(tuple(kinds))
        return search(book, kinds=kinds, **more)

    monkeypatch.setattr(candidates, "search", watched)
    again = train(loan_book(400), described())
    assert asked == [candidates.KINDS, *[(again.artefact.kind,)] * 5]
    kind = trained.artefact.kind
    assert trained.artefact.card["figures_come_from"] == (
        f"5-fold cross-validation over 2,500 rows, stratified by outcome; each fold by a {kind} model, settings and "
        "calibration included, that had not seen it"
    )
    assert trained.artefact.card["figures_come_from"] in page(trained, title="book")
    assert summary.of_training(trained, page="")["figures_come_from"] == trained.artefact.card["figures_come_from"]


def test_progress_only_grows() -> None:
    heard: list[float] = []
    train(loan_book(400), described(), quick=True, progress=lambda label, share: heard.append(share))
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_noise_learns_nothing() -> None:
    table = loan_book(1_500)
    table["defaulted"] = np.random.default_rng(4).permutation(table["defaulted"].to_numpy())
    low, high = train(table, described(monotone={}), quick=True).report.judgement.intervals["auc"]
    assert low <= 0.5 <= high


class TestComparing:
    def test_the_better_model_is_clearly_better(self, compared: Comparison) -> None:
        difference = next(each for each in compared.differences if each.figure == "auc")
        assert (difference.first, difference.second) == ("good", "rough")
        assert difference.interval[1] < 0
        assert difference.is_clear

    def test_groups_and_intervals_are_told(self, compared: Comparison) -> None:
        good = compared.models[0]
        assert [line.group for line in good.groups] == ["f", "m"]
        low, high = good.judgement.intervals["auc"]
        assert low < good.judgement.figures.auc < high
        told = summary.of_comparison(compared)
        assert [each["model"] for each in told["models"]] == ["good", "rough"]
        assert told["rows"] == 3_000

    def test_progress_is_told_of_every_model_and_every_pair(self, trained: Trained) -> None:
        heard: list[tuple[str, float]] = []
        models = {"one": trained.artefact, "other": trained.artefact}
        compare(models, loan_book(300, seed=2), described(), progress=lambda label, share: heard.append((label, share)))
        assert [label for label, _ in heard] == ["Judging one", "Judging other", "Comparing one with other"]
        assert [share for _, share in heard] == sorted({share for _, share in heard})

    def test_the_book_of_the_training_is_recognised(self, trained: Trained) -> None:
        found = compare({"m": trained.artefact}, loan_book(2_500), described())
        assert found.notes.warnings[-1] == "m was trained on this very book: its figures here flatter it."

    def test_a_book_without_the_columns_of_the_model_is_refused(self, trained: Trained) -> None:
        with pytest.raises(BookRefused, match="column income: the model needs this column, but the book has none"):
            compare({"m": trained.artefact}, loan_book().drop(columns="income"), described(monotone={}))

    def test_a_word_where_the_model_needs_a_number_is_refused(self, trained: Trained) -> None:
        table = loan_book()
        table.loc[4, "income"] = "much"
        with pytest.raises(BookRefused, match="row 5, column income: 'much' is not a number"):
            compare({"m": trained.artefact}, table, described())


def test_a_judgement_of_a_perfect_model_is_calibrated() -> None:
    rng = np.random.default_rng(0)
    log_odds = rng.normal(-2, 1, 4_000)
    bad = (rng.random(4_000) < probability(log_odds)).astype(float)
    assert judged(bad, log_odds, np.ones(4_000)).is_calibrated
