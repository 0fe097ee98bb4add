"""A model survives being kept, and is refused when anything about it has changed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.lab.boosting import TreeGrowth
from ml.lab.candidates import Trial
from ml.lab.training import Trained, train
from ml.models.artefact import Artefact, ArtefactError, load, save
from tests.ml.loan_books import described, loan_book


@pytest.fixture(scope="module")
def trained() -> Trained:
    facts = {name: f"made.{name}" for name in ("income", "delays", "noise", "purpose")}
    return train(loan_book(1_500), described(facts=facts), quick=True)


@pytest.fixture(scope="module")
def boosted_artefact(trained: Trained) -> Artefact:
    from ml.lab import candidates

    model = candidates.train(trained.report.book, Trial("catboost", growth=TreeGrowth(3, 0.1, 40)), seed=1)
    return replace(trained.artefact, kind="catboost", model=model, reference=(0.1, -0.2, 0.0, 0.05, 0.3))


@pytest.mark.parametrize("kind", ["additive", "catboost"])
def test_what_was_kept_scores_the_same(trained: Trained, boosted_artefact: Artefact, tmp_path: Path, kind: str) -> None:
    artefact = trained.artefact if kind == "additive" else boosted_artefact
    again = load(tmp_path, save(artefact, tmp_path))
    rows = trained.report.book.matrix()
    assert again.version == artefact.version
    assert again.inputs == artefact.inputs
    assert (again.log_odds(rows) == artefact.log_odds(rows)).all()
    assert (again.contributions(rows) == artefact.contributions(rows)).all()


@pytest.mark.parametrize("kind", ["additive", "catboost"])
def test_contributions_and_baseline_add_up(trained: Trained, boosted_artefact: Artefact, kind: str) -> None:
    artefact = trained.artefact if kind == "additive" else boosted_artefact
    rows = trained.report.book.matrix()
    contributions = artefact.contributions(rows)
    assert contributions.shape == (1_500, 6)
    assert contributions.sum(axis=1) == pytest.approx(artefact.log_odds(rows), abs=1e-12)
    assert contributions[:, -1] == pytest.approx(artefact.baseline, abs=1e-8)
    one = artefact.contributions([list(rows[0])])
    assert one[0] == pytest.approx(contributions[0], abs=1e-12)


def test_approved_people_contribute_nothing_on_average(trained: Trained) -> None:
    rows = trained.report.book.matrix()
    contributions = trained.artefact.contributions(rows)
    approved = 1 / (1 + np.exp(-contributions.sum(axis=1))) <= trained.artefact.cuts.c
    assert contributions[approved, :-1].mean(axis=0) == pytest.approx(np.zeros(5), abs=1e-9)


def test_the_same_book_and_seed_give_the_same_version(trained: Trained) -> None:
    again = train(loan_book(1_500), trained.report.book.description, quick=True)
    assert again.artefact.version == trained.artefact.version


def test_saving_twice_is_harmless(trained: Trained, tmp_path: Path) -> None:
    assert save(trained.artefact, tmp_path) == save(trained.artefact, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [trained.artefact.version]


@pytest.mark.parametrize("name", ["manifest.json", "model.cbm"])
def test_a_changed_file_is_refused(boosted_artefact: Artefact, tmp_path: Path, name: str) -> None:
    version = save(boosted_artefact, tmp_path)
    path = tmp_path / version / name
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(ArtefactError, match="was changed after it was saved"):
        load(tmp_path, version)


@pytest.mark.parametrize("name", ["manifest.json", "model.cbm"])
def test_a_missing_file_is_refused(boosted_artefact: Artefact, tmp_path: Path, name: str) -> None:
    version = save(boosted_artefact, tmp_path)
    (tmp_path / version / name).unlink()
    with pytest.raises(ArtefactError, match="can't be read"):
        load(tmp_path, version)


@pytest.mark.parametrize(
    "rows",
    [
        [[1.0, 2.0]],
        [[1.0, 0.0, 0.5, 0.0, "car"], [1.0]],
        [["much", 0.0, 0.5, 0.0, "car"]],
        [[1.0, 0.0, 0.5, 0.0, None]],
        [1.0],
    ],
)
def test_rows_that_do_not_fit_are_refused(boosted_artefact: Artefact, rows: list[list[object]]) -> None:
    with pytest.raises(ArtefactError):
        boosted_artefact.log_odds(rows)


def test_only_a_fully_mapped_model_can_go_live(trained: Trained) -> None:
    assert trained.artefact.is_mapped  # the flag of a sentinel code needs no fact
    partly = train(loan_book(), described(facts={"income": "made.income"}), quick=True).artefact
    assert not partly.is_mapped
    assert partly.unmapped == ("delays", "noise", "purpose")


def test_an_explanation_does_not_depend_on_who_else_is_explained(trained: Trained, boosted_artefact: Artefact) -> None:
    rows = trained.report.book.matrix()
    together = boosted_artefact.contributions(rows[:200])
    for index in (0, 1, 77):
        assert boosted_artefact.contributions(rows[index : index + 1])[0] == pytest.approx(together[index], abs=1e-12)
    assert boosted_artefact.contributions(np.repeat(rows[:1], 50, axis=0))[0] == pytest.approx(together[0], abs=1e-12)
