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
from ml.promotion.releasing import Gate
from ml.promotion.swapping import Swapped, Swaps
from tests.ml import standings

BOOK = """
target = "bad"
bad = ["1"]
[facts]
income = "income.monthly_inflow"
loans = "credit.open_loans"
"""


def people(rows: int, seed: int) -> pd.DataFrame:
    """Loans whose risk falls with income and rises with loans."""
    rng = np.random.default_rng(seed)
    income, loans = rng.normal(9_000, 2_500, rows).clip(1_000).round(4), rng.poisson(1.5, rows)
    log_odds = -1.6 - (income - 9_000) / 2_000 + 0.5 * (loans - 1.5)
    bad = (rng.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(int)
    return pd.DataFrame({"income": income, "loans": loans, "bad": bad})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The book that the models learned from, a fresh one, and their description."""
    folder = tmp_path_factory.mktemp("book")
    people(2_000, seed=5).to_csv(folder / "book.csv", index=False)
    people(2_000, seed=6).to_csv(folder / "fresh.csv", index=False)
    (folder / "book.toml").write_text(BOOK)
    return folder


@pytest.fixture(scope="module")
def learned(folder: Path) -> Artefact:
    return train(
        pd.read_csv(folder / "book.csv", dtype=str), describing.read(folder / "book.toml"), quick=True
    ).artefact


async def measured(champion: Artefact, candidate: Artefact, folder: Path, book: str = "fresh.csv") -> Gate:
    await standings.promote(champion)
    version = await standings.save(candidate)
    async with reading() as db:
        models = await promoting.rivals(db, version)
    return promoting.measure(models, folder / book, folder / "book.toml")


def worse(model: Artefact) -> Artefact:
    shift, slope = model.calibration
    return replace(model, calibration=(shift + 1.0, slope))


async def test_an_equal_model_passes_and_its_figures_are_told(learned: Artefact, folder: Path) -> None:
    passed = await measured(learned, replace(learned, card={**learned.card, "seed": 0}), folder)
    assert passed.failures == ()
    assert passed.figures["rows"] == 2_000
    assert passed.figures["swaps"]["taken"] == passed.figures["swaps"]["dropped"] == {"people": 0, "bads": 0}
    migration = np.array(passed.figures["swaps"]["migration"])
    assert migration.sum() == np.trace(migration) == 2_000


async def test_a_model_with_worse_probabilities_does_not(learned: Artefact, folder: Path) -> None:
    failures = (await measured(learned, worse(learned), folder)).failures
    assert failures[0].startswith("Its logloss is not shown to be as good as the champion's: +0.")
    assert failures[1].startswith("Its ECE of 0.")


async def test_a_better_model_passes(learned: Artefact, folder: Path) -> None:
    assert (await measured(worse(learned), learned, folder)).failures == ()


async def test_one_that_knows_its_own_book_by_heart_does_not_pass_by_it(learned: Artefact, folder: Path) -> None:
    """The candidate saw half of the book that is shown to the gate: only the other half says anything."""
    mixed = pd.concat([people(2_000, seed=5), people(1_200, seed=7)]).sample(frac=1, random_state=2)
    mixed.iloc[:-1].to_csv(folder / "mixed.csv", index=False)
    weaker = replace(learned, calibration=(learned.calibration[0], 0.2 * learned.calibration[1]))
    passed = await measured(learned, weaker, folder, "mixed.csv")
    assert 1_100 < passed.figures["rows"] <= 1_200
    assert passed.failures


@pytest.mark.parametrize("change", ["as it is", "shuffled", "one row short", "another order of columns"])
async def test_its_own_book_is_recognised_however_it_is_laid(learned: Artefact, folder: Path, change: str) -> None:
    book = people(2_000, seed=5)
    changed = {
        "as it is": book,
        "shuffled": book.sample(frac=1, random_state=1),
        "one row short": book.iloc[1:],
        "another order of columns": book[["bad", "loans", "income"]].assign(more=1),
    }[change]
    changed.to_csv(folder / "changed.csv", index=False)
    gate = await measured(learned, replace(learned, card={**learned.card, "seed": 0}), folder, "changed.csv")
    assert gate.figures == {"rows": 0, "bads": 0}
    assert gate.failures == (
        "0 rows that neither model has learned from, 0 of them bad, are too few to tell: at least 500 are needed, and 50 "
        "of either outcome.",
    )


async def test_one_that_learned_from_all_that_is_shown_and_more_has_nothing_to_show(
    learned: Artefact, folder: Path
) -> None:
    everything = pd.concat([people(2_000, seed=5), people(1_000, seed=9)], ignore_index=True)
    superset = train(everything.astype(str), describing.read(folder / "book.toml"), quick=True).artefact
    people(1_000, seed=9).sample(frac=1, random_state=3).to_csv(folder / "part.csv", index=False)
    assert (await measured(learned, superset, folder, "part.csv")).figures == {"rows": 0, "bads": 0}


async def test_too_few_bads_tell_nothing(learned: Artefact, folder: Path) -> None:
    fresh = people(2_000, seed=10)
    few = pd.concat([fresh[fresh.bad == 0], fresh[fresh.bad == 1].head(49)])
    few.to_csv(folder / "few_bads.csv", index=False)
    gate = await measured(learned, replace(learned, card={**learned.card, "seed": 0}), folder, "few_bads.csv")
    assert gate.figures == {"rows": len(few), "bads": 49}
    assert "49 of them bad, are too few to tell" in gate.failures[0]


async def test_too_few_fresh_rows_tell_nothing(learned: Artefact, folder: Path) -> None:
    people(499, seed=8).to_csv(folder / "few.csv", index=False)
    gate = await measured(learned, replace(learned, card={**learned.card, "seed": 0}), folder, "few.csv")
    assert "499 rows" in gate.failures[0] and "too few to tell" in gate.failures[0]


def test_whom_it_would_take_instead_must_not_repay_worse() -> None:
    assert Swaps(Swapped(200, 60), Swapped(200, 30), ()).are_clearly_worse
    assert not Swaps(Swapped(200, 36), Swapped(200, 30), ()).are_clearly_worse
    assert not Swaps(Swapped(20, 20), Swapped(200, 30), ()).are_clearly_worse
