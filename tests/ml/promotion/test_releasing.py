"""The release gate on a real book: the same rows for both, and a worse model does not pass."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infra.database import reading
from ml.books import describing
from ml.lab.training import train
from ml.models.artefact import Artefact
from ml.promotion import promoting
from tests.ml import standings

BOOK = """
target = "bad"
bad = ["1"]
[facts]
income = "income.monthly_inflow"
loans = "credit.open_loans"
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two thousand loans whose risk falls with income and rises with loans, and their description."""
    rng = np.random.default_rng(5)
    income, loans = rng.normal(9_000, 2_500, 2_000).clip(1_000).round(), rng.poisson(1.5, 2_000)
    log_odds = -1.6 - (income - 9_000) / 2_000 + 0.5 * (loans - 1.5)
    bad = (rng.random(2_000) < 1 / (1 + np.exp(-log_odds))).astype(int)
    folder = tmp_path_factory.mktemp("book")
    pd.DataFrame({"income": income, "loans": loans, "bad": bad}).to_csv(folder / "book.csv", index=False)
    (folder / "book.toml").write_text(BOOK)
    return folder / "book.csv", folder / "book.toml"


@pytest.fixture(scope="module")
def learned(book: tuple[Path, Path]) -> Artefact:
    return train(pd.read_csv(book[0], dtype=str), describing.read(book[1])).artefact


async def measured(champion: Artefact, candidate: Artefact, book: tuple[Path, Path]) -> tuple[str, ...]:
    await standings.promote(champion)
    version = await standings.save(candidate)
    async with reading() as db:
        models = await promoting.rivals(db, version)
    return promoting.measure(models, *book).failures


async def test_an_equal_model_passes(learned: Artefact, book: tuple[Path, Path]) -> None:
    assert await measured(learned, replace(learned, card={**learned.card, "seed": 0}), book) == ()


async def test_a_model_with_worse_probabilities_does_not(learned: Artefact, book: tuple[Path, Path]) -> None:
    shift, slope = learned.calibration
    failures = await measured(learned, replace(learned, calibration=(shift + 1.0, slope)), book)
    assert failures[0].startswith("Its logloss is worse by 0.")
    assert failures[1].startswith("Its ECE of 0.")


async def test_a_better_model_passes(learned: Artefact, book: tuple[Path, Path]) -> None:
    shift, slope = learned.calibration
    assert await measured(replace(learned, calibration=(shift + 1.0, slope)), learned, book) == ()
