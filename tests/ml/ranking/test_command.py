"""`longan match`, as a person or a program calls it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.match import match
from tests.ml.ranking.tables import SHOWS, TRUTH, WANTS, log, tastes


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(match, list(words))
    return done.exit_code, done.stdout


@pytest.mark.parametrize("name", ["table.csv", "table.csv.gz", "table.parquet"])
def test_a_table_is_evaluated_whatever_file_it_is(tmp_path: Path, name: str) -> None:
    frame = tastes(120, items=6)
    frame.to_parquet(tmp_path / name) if name.endswith("parquet") else frame.to_csv(tmp_path / name, index=False)
    code, printed = run("evaluate", str(tmp_path / name), "--json")
    told = json.loads(printed)
    assert (code, told["rows"], told["users"], told["items"]) == (0, 720, 120, 6)
    assert [model["name"] for model in told["models"]] == ["popularity", "cooccurrence", "pointwise", "yetirank"]


def test_a_broken_table_is_refused_by_row(tmp_path: Path) -> None:
    frame = tastes(20)
    frame.loc[4, "label"] = "maybe"
    frame.to_csv(tmp_path / "table.csv", index=False)
    code, printed = run("evaluate", str(tmp_path / "table.csv"), "--json")
    assert (code, json.loads(printed)) == (
        2,
        {"refused": [{"row": 5, "column": "label", "why": "'maybe' is no number"}]},
    )


def test_a_person_reads_that_it_is_the_table_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("user_id,item_id,label\na,x,1\na,x,0\n")
    done = CliRunner().invoke(match, ["evaluate", str(tmp_path / "table.csv")])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "This table can't be used as it is" in done.stderr
    assert "this user has another row with this item" in done.stderr


def test_a_policy_is_valued_from_the_log_of_another(tmp_path: Path) -> None:
    log(4_000, SHOWS, seed=1).to_csv(tmp_path / "log.csv", index=False)
    log(4_000, WANTS, seed=2).to_csv(tmp_path / "target.csv", index=False)
    code, printed = run("offpolicy", str(tmp_path / "log.csv"), "--target", str(tmp_path / "target.csv"), "--json")
    told = json.loads(printed)
    assert code == 0
    assert [each["name"] for each in told["estimates"]] == ["IPS", "SNIPS", "DR"]
    for each in [*told["estimates"], told["truth"]]:
        assert each["interval"][0] < TRUTH < each["interval"][1]


def test_one_policy_must_be_named(tmp_path: Path) -> None:
    log(40, SHOWS, seed=1).to_csv(tmp_path / "log.csv", index=False)
    assert run("offpolicy", str(tmp_path / "log.csv"))[0] == 2
    code, printed = run("offpolicy", str(tmp_path / "log.csv"), "--policy", "nobody", "--json")
    assert (code, json.loads(printed)["refused"][0]["column"]) == (2, "nobody")
