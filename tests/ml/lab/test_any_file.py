"""Any file, any description: a model, or one sentence and exit code 2. Never a traceback, and nothing half-written."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.cli.evaluate import evaluate
from api.cli.train import train
from ml.lab import boosting, candidates, evaluation, splitting
from ml.lab.boosting import TreeGrowth
from ml.models import artefact as artefacts
from tests.ml.odd_files import ODDITIES, begun, toml

# A long run by hand: LONGAN_FILES=2000 pytest tests/ml/lab/test_any_file.py
EXAMPLES = int(os.environ.get("LONGAN_FILES", "12"))
_PYTHON = re.compile(
    r"Traceback|Errno|Error\b|Exception|NoneType|object at 0x|dtype|<class|numpy|pandas|invalid literal"
)

app = typer.Typer()
app.command()(train)
app.command()(evaluate)


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """One fold, one candidate of each kind, three trees: what is tried here are the files."""
    with pytest.MonkeyPatch.context() as patch:
        outer = splitting.outer
        patch.setattr(splitting, "outer", lambda book, **_: outer(book, quick=True))
        patch.setattr(splitting, "repeats", lambda book: 1)
        patch.setattr(boosting, "growths", lambda rows: (TreeGrowth(2, 0.3, 3),))
        patch.setattr(candidates, "BADS_FOR_TREES", 25)
        patch.setattr(candidates, "_CURVES", ((10.0, 100.0),))
        patch.setattr(candidates, "_SCORECARD_RIDGES", (30.0,))
        patch.setattr(evaluation, "_DRAWS_MAX", 100)
        yield


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, quick: None) -> Path:
    """A sound one, to be evaluated on whatever comes."""
    folder = tmp_path_factory.mktemp("sound")
    odd = begun(1)
    (folder / "book.csv").write_bytes(odd.written())
    (folder / "book.toml").write_text(toml(odd.description))
    code, told = run("train", folder / "book.csv", folder, folder / "models")
    assert code == 0, told
    return folder / "models" / str(told["model"])


def run(command: str, book: Path, folder: Path, *more: object) -> tuple[int, dict[str, object]]:
    options = ["--into", str(more[0]), "--page", str(folder / "page.html")] if command == "train" else []
    words = [str(book)] if command == "train" else [str(more[0]), "--book", str(book)]
    done = CliRunner().invoke(app, [command, *words, "--describe", str(folder / "book.toml"), "--json", *options])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, json.loads(done.stdout, parse_constant=pytest.fail)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(names=st.lists(st.sampled_from(sorted(ODDITIES)), max_size=3), seed=st.integers(0, 1_000))
def test_a_model_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, model: Path, names: list[str], seed: int
) -> None:
    folder, odd = tmp_path_factory.mktemp("odd"), begun(seed)
    for name in names:
        ODDITIES[name](odd)
    (folder / "book.csv").write_bytes(odd.written())
    (folder / "book.toml").write_text(toml(odd.description), encoding="utf-8")
    code, told = run("train", folder / "book.csv", folder, folder / "models")
    assert_sound(code, told, folder)
    code, told = run("evaluate", folder / "book.csv", folder, model)
    assert code in (0, 2) and told.keys() & {"models", "refused"}
    assert_plain(told)


def assert_sound(code: int, told: dict[str, object], folder: Path) -> None:
    made = sorted(each.name for each in folder.iterdir())
    assert_plain(told)
    if code == 0:
        assert made == ["book.csv", "book.toml", "models", "page.html"]
        assert [each.name for each in (folder / "models").iterdir()] == [told["model"]]
        assert artefacts.load(folder / "models", str(told["model"])).version == told["model"]
    else:
        assert (code, made) == (2, ["book.csv", "book.toml"])


def assert_plain(told: dict[str, object]) -> None:
    """Refusals name what is wrong in words that people use."""
    refused = told.get("refused")
    assert refused is None or refused
    for each in refused or ():  # type: ignore[attr-defined]
        assert each["why"].strip() and not _PYTHON.search(each["why"]), each


@pytest.mark.parametrize(
    "name",
    ["only a mark", "Parquet lists", "directions are nested", "an empty separator", "an encoding that reads nothing"],
)
def test_what_once_ended_in_a_traceback_is_a_sentence(tmp_path: Path, name: str) -> None:
    odd = begun(3)
    ODDITIES[name](odd)
    (tmp_path / "book.csv").write_bytes(odd.written())
    (tmp_path / "book.toml").write_text(toml(odd.description), encoding="utf-8")
    code, told = run("train", tmp_path / "book.csv", tmp_path, tmp_path / "models")
    assert code == 2
    assert_sound(code, told, tmp_path)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "book.toml").mkdir()
    code, told = run("train", tmp_path / "book.csv", tmp_path, tmp_path / "models")
    assert (code, whys(told)) == (2, ["book.toml can't be read: Is a directory"])
    (tmp_path / "book.toml").rmdir()
    (tmp_path / "book.toml").write_text(toml(begun(3).description), encoding="utf-8")
    code, told = run("train", tmp_path / "book.csv", tmp_path, tmp_path / "models")
    assert (code, whys(told)) == (2, ["book.csv can't be read: No such file or directory"])


def whys(told: dict[str, object]) -> list[str]:
    return [each["why"] for each in told["refused"]]  # type: ignore[attr-defined]


def test_a_place_that_cannot_be_written_to_is_a_sentence(tmp_path: Path) -> None:
    odd = begun(3)
    (tmp_path / "book.csv").write_bytes(odd.written())
    (tmp_path / "book.toml").write_text(toml(odd.description), encoding="utf-8")
    (tmp_path / "file").write_text("")
    code, told = run("train", tmp_path / "book.csv", tmp_path, tmp_path / "file" / "models")
    assert (code, whys(told)) == (2, [f"{tmp_path / 'file' / 'models'} can't be written: Not a directory"])
