"""Declared directions are checked on the model itself."""

from dataclasses import replace

from ml.lab import directions
from ml.lab.training import train
from ml.models.additive import Additive, Curve
from tests.ml.loan_books import described, loan_book


def test_a_model_that_turns_against_its_direction_is_found() -> None:
    trained = train(loan_book(), described(), quick=True)
    book, artefact = trained.report.book, trained.artefact
    assert directions.broken(artefact, book, seed=1) == []
    bent = Curve(False, [0.0, 9_000.0, 90_000.0], [0.0, -1.0, 0.0], 0.0)
    rebuilt = replace(artefact, kind="logistic", model=Additive(0.0, [bent, None, None, None, None]))
    assert directions.broken(rebuilt, book, seed=1) == ["income"]
