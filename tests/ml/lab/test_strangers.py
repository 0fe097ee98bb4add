"""A book that is not like that of the training is said to be so, input by input."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.books.findings import Notes
from ml.lab import strangers
from ml.lab.comparing import compare
from ml.lab.training import train
from ml.models.artefact import Artefact
from tests.ml.loan_books import described, loan_book


@pytest.fixture(scope="module")
def learned() -> Artefact:
    return train(loan_book(600), described(), quick=True).artefact


def warned(model: Artefact, **columns: Callable[[pd.DataFrame], Any]) -> list[str]:
    book = loan_book(500, seed=2)
    notes = Notes()
    changed = book.assign(**{name: change(book) for name, change in columns.items()})
    compare({"m": model}, changed, described(monotone={}), notes=notes)
    return notes.warnings


def test_people_like_those_of_training_are_no_strangers(learned: Artefact) -> None:
    assert warned(learned) == []


@pytest.mark.parametrize("times", [100, 0.01])
def test_cents_are_not_taken_for_whole_units(learned: Artefact, times: float) -> None:
    (told,) = warned(learned, income=lambda book: (book.income.astype(float) * times).astype(str))
    assert told.startswith("m: income has a median of ")
    assert told.endswith("in training: is it in another unit?")


def test_a_mean_far_away_is_told(learned: Artefact) -> None:
    (told,) = warned(learned, noise=lambda book: (book.noise.astype(float) + 4).astype(str))
    assert told.startswith("m: noise has a mean of ")
    assert " 4 standard deviations away" in told


def test_a_smaller_shift_is_told_by_its_index(learned: Artefact) -> None:
    (told,) = warned(learned, noise=lambda book: (book.noise.astype(float) + 1).astype(str))
    assert told.startswith("m: These are spread otherwise than in training (PSI above 0.25): noise ")


def test_an_empty_column_is_told(learned: Artefact) -> None:
    (told,) = warned(learned, noise=lambda book: "")
    assert told == "m: noise is missing in 100% of these rows, in training in 0%."


def test_words_that_training_has_not_seen_are_named(learned: Artefact) -> None:
    new = np.where(np.arange(500) < 12, "boat", np.where(np.arange(500) < 15, "holiday", "car"))
    (told,) = [each for each in warned(learned, purpose=lambda book: new) if "rows hold" in each]
    assert told == "m: 15 of 500 rows hold a purpose that training has not seen: boat, holiday."


def test_a_profile_of_before_means_were_kept_still_tells_its_index(learned: Artefact) -> None:
    old = {
        name: {key: profile[key] for key in profile if key not in ("mean", "sd", "median")}
        for name, profile in learned.profile["inputs"].items()
    }
    model = Artefact(learned.kind, learned.inputs, learned.model, profile={"inputs": old})
    (told,) = warned(model, income=lambda book: (book.income.astype(float) * 100).astype(str))
    assert "PSI above 0.25): income " in told


@pytest.mark.parametrize(("here", "there", "says"), [(100, 1, True), (1, 100, True), (5, 1, False), (0, 9, False)])
def test_a_unit_is_a_large_factor(here: float, there: float, says: bool) -> None:
    assert strangers.is_another_unit(here, there) is says
