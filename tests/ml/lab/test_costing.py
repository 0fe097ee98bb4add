"""What may have been known only afterwards: found alone and in pairs, its cost told, and a person asked."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.books.findings import Notes
from ml.books.preparing import prepare
from ml.lab.training import Trained, train
from ml.models.promotable import objections
from ml.report import summary
from ml.report.page import page
from tests.ml.loan_books import described, loan_book

FACTS = {"income": "income.monthly_inflow", "delays": "repayment.delay_months", "total_paid": "credit.open_loans"}


def owed(rows: int = 600) -> pd.DataFrame:
    """What was due says next to nothing, and what was paid no more, but their difference is the outcome."""
    table, rng = loan_book(rows), np.random.default_rng(3)
    due = np.exp(rng.normal(9, 0.7, rows)).round()
    short = np.where(table["defaulted"] == "1", rng.uniform(0.01, 0.3, rows), rng.uniform(-0.01, 0.02, rows))
    return table.assign(due=due.astype(str), got=(due * (1 - short)).round(2).astype(str))


def strong(rows: int = 600) -> pd.DataFrame:
    """A column that is named like a leak, and tells much."""
    table = loan_book(rows)
    told = np.random.default_rng(0).normal(0, 1, rows) - 2 * (table["defaulted"] == "1")
    return table.assign(total_paid=(50 + 5 * told).round(3).astype(str))


def suspected(table: pd.DataFrame, **changes: Any) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    book = prepare(table, described(**changes))
    assert {name for each in book.suspicions for name in each.left_out}.isdisjoint(book.frame.columns)
    return [(each.columns, each.unanswered) for each in book.suspicions]


def of_facts(table: pd.DataFrame, **changes: Any) -> Trained:
    """Trained on columns that facts feed, as a model must be that may go live."""
    features = [name for name in FACTS if name in table]
    facts = {name: FACTS[name] for name in features}
    return train(table, described(features=features, facts=facts, **changes), quick=True)


@pytest.fixture(scope="module")
def open_question() -> Trained:
    return of_facts(strong())


class TestPairs:
    def test_what_was_due_and_what_was_paid_are_found_together(self) -> None:
        assert suspected(owed()) == [(("due", "got"), ("due", "got"))]
        left_out = prepare(owed(), described(), notes=(notes := Notes())).notes.left_out
        assert left_out["due"].startswith("leak: with got, together they tell good from bad with an AUC of ")
        assert notes.leaks == ["due", "got"]

    @pytest.mark.parametrize(
        ("changes", "found"),
        [
            ({"reviewed": ["due"]}, [(("due", "got"), ("got",))]),
            ({"reviewed": ["due", "got"]}, [(("due", "got"), ())]),
            ({"reviewed": ["*"]}, [(("due", "got"), ())]),
            ({"exclude": ["got"]}, []),
        ],
    )
    def test_an_answer_for_each_is_what_counts(self, changes: dict[str, list[str]], found: object) -> None:
        assert suspected(owed(), **changes) == found

    def test_a_second_column_of_the_same_leak_is_asked_about_as_well(self) -> None:
        table = owed()
        table["got_later"] = (table["got"].astype(float) + 0.5).astype(str)
        found = suspected(table, reviewed=["due"])
        assert {name for _, names in found for name in names} == {"got", "got_later"}

    def test_codes_that_only_speak_together_are_found(self) -> None:
        table, half = loan_book(600), np.random.default_rng(2).integers(0, 2, 600)
        table["one"] = np.where(half == 1, "a", "b")
        table["other"] = np.where(half ^ (table["defaulted"] == "1"), "x", "y")
        assert suspected(table) == [(("one", "other"), ("one", "other"))]

    def test_honest_columns_are_not_suspected(self) -> None:
        assert suspected(loan_book()) == []
        many = loan_book(300).assign(
            **{f"n{i}": np.random.default_rng(i).normal(size=300).astype(str) for i in range(20)}
        )
        assert suspected(many) == []

    def test_the_order_of_the_file_changes_no_suspicion(self) -> None:
        assert suspected(strong().sample(frac=1, random_state=4)) == suspected(strong())


class TestAnswers:
    def test_without_an_answer_it_is_left_out_its_cost_is_told_and_the_model_stays_at_home(
        self, open_question: Trained
    ) -> None:
        assert [each.column for each in open_question.artefact.inputs if "paid" in each.column] == []
        (question,) = open_question.report.questions
        assert question.cost is not None
        assert question.cost.with_it.auc > question.cost.without_it.auc + 0.1
        assert question.cost.gain_interval[0] > 0.05
        assert question.cost.rows == len(open_question.report.split.folds[0][1]) == 120
        assert objections(open_question.artefact) == [
            "Nobody has said whether total_paid was known before the decision: train again with --known or --afterwards."
        ]
        told = summary.of_training(open_question, page="")
        assert told["leaks"] == ["total_paid"]
        assert told["can_go_live"] is False
        assert told["questions"] == open_question.artefact.card["questions"] == [question.written()]
        assert question.sentence in told["warnings"]
        assert "none yet" in page(open_question, title="book")

    def test_the_word_of_a_person_opens_the_way_with_it_or_without(self) -> None:
        known = of_facts(strong(), reviewed=["total_paid"])
        assert objections(known.artefact) == []
        assert "total_paid" in [each.column for each in known.artefact.inputs]
        assert known.artefact.card["known_before"] == ["total_paid"]
        assert known.report.questions[0].cost is not None
        afterwards = of_facts(strong(), exclude=["total_paid"])
        assert objections(afterwards.artefact) == []
        assert "total_paid" not in [each.column for each in afterwards.artefact.inputs]
        assert afterwards.artefact.card["known_afterwards"] == ["total_paid"]

    def test_a_model_that_is_too_good_as_a_whole_is_asked_about(self) -> None:
        table, rng = loan_book(600), np.random.default_rng(5)
        bad = (table["defaulted"] == "1").to_numpy()
        three = rng.normal(0, 1, (3, 600)) + 1.6 * bad
        believable = np.array([[5000], [3], [50]]) + np.array([[500], [0.5], [5]]) * three
        table = table.assign(**dict(zip(FACTS, believable.round(3).astype(str), strict=True)))
        sure = of_facts(table, monotone={}, reviewed=["total_paid"])
        assert sure.report.judgement.figures.auc > 0.95
        assert objections(sure.artefact) == [
            "Nobody has said whether all that it reads was known before the decision: train again with --known or --afterwards."
        ]
        assert objections(of_facts(table, monotone={}, reviewed=["*"]).artefact) == []

    def test_a_model_of_before_the_questions_is_not_excused(self, open_question: Trained) -> None:
        old = open_question.artefact.card.copy()
        del old["questions"]
        assert old["leaks"] == ["total_paid"]
        assert len(objections(replace(open_question.artefact, card=old))) == 1
