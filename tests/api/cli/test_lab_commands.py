"""`longan train` and `longan evaluate` as a lender types them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from tests.ml.loan_books import loan_book

DESCRIPTION = """
target = "defaulted"
bad = ["1"]
sensitive = ["sex"]
missing = { "*" = ["-9"] }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    loan_book(400).to_csv(tmp_path / "book.csv", index=False)
    (tmp_path / "book.toml").write_text(DESCRIPTION, encoding="utf-8")
    return tmp_path


def run(folder: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [word.replace("@", f"{folder}/") for word in words])
    return result.exit_code, result.stdout


def test_train_then_evaluate(folder: Path) -> None:
    code, printed = run(
        folder, "train", "@book.csv", "--describe", "@book.toml", "--json", "--into", "@models", "--page", "@page.html"
    )
    assert code == 0
    trained = json.loads(printed)
    assert trained["rows"] == 400
    assert (folder / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    model = f"@models/{trained['model']}"
    code, printed = run(folder, "evaluate", model, "--book", "@book.csv", "--describe", "@book.toml", "--json")
    assert code == 0
    evaluated = json.loads(printed)["models"][0]
    assert 0.5 < evaluated["auc"] < 1
    assert [line["group"] for line in evaluated["groups"]] == ["f", "m"]
    code, printed = run(folder, "evaluate", model, model, "--book", "@book.csv", "--describe", "@book.toml")
    assert code == 0
    assert "Log-loss" in printed


def test_a_person_reads_a_table(folder: Path) -> None:
    code, printed = run(
        folder, "train", "@book.csv", "--describe", "@book.toml", "--into", "@models", "--page", "@p.html"
    )
    assert code == 0
    assert "What moves the score" in printed


def test_a_refused_book_prints_rows_and_exits_2(folder: Path) -> None:
    table = loan_book(400)
    table.loc[16, "income"] = "lots"
    table.to_csv(folder / "book.csv", index=False)
    code, printed = run(folder, "train", "@book.csv", "--describe", "@book.toml", "--json")
    assert code == 2
    why = "'lots' is not a number, but the other cells of this column are"
    assert json.loads(printed) == {"refused": [{"row": 17, "column": "income", "why": why}]}


def test_an_unknown_model_is_refused(folder: Path) -> None:
    code, printed = run(folder, "evaluate", "nosuch", "--book", "@book.csv", "--describe", "@book.toml", "--json")
    assert code == 2
    assert "can't be read" in json.loads(printed)["refused"][0]["why"]


def test_a_missing_book_is_refused(folder: Path) -> None:
    code, printed = run(folder, "train", "@none.csv", "--describe", "@book.toml", "--json")
    assert code == 2
    assert json.loads(printed)["refused"][0]["why"].startswith("none.csv can't be read")
