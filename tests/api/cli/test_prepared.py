"""A start is prepared again when something changed, and only then."""

from pathlib import Path

import pytest

from api.cli import house as houses
from api.cli import prepared
from api.cli.house import House
from api.story import ConsoleStory
from infra.settings import settings


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    house = tmp_path / "house"
    for room in prepared.ROOMS:
        (house / room).mkdir(parents=True)
    (house / "infra" / "first.py").write_text("one")
    monkeypatch.setattr(prepared, "HOUSE", house)
    return house


@pytest.fixture
def var(tmp_path: Path) -> Path:
    data = tmp_path / "var" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("18\n")
    (tmp_path / "var" / "models").mkdir()
    return tmp_path / "var"


def test_nothing_is_prepared_at_first(house: Path, var: Path) -> None:
    assert not prepared.is_prepared(var)


def test_what_was_prepared_stays_so(house: Path, var: Path) -> None:
    prepared.remember(var)
    assert prepared.is_prepared(var)


def test_a_new_migration_is_noticed(house: Path, var: Path) -> None:
    prepared.remember(var)
    (house / "infra" / "second.py").write_text("two")
    assert not prepared.is_prepared(var)


def test_another_database_is_noticed(house: Path, var: Path) -> None:
    prepared.remember(var)
    (var / "postgres" / "data" / "PG_VERSION").unlink()
    assert not prepared.is_prepared(var)


def test_models_lie_in_the_database_so_their_folder_says_nothing(house: Path, var: Path) -> None:
    (var / "models" / "score.cbm").write_text("model")
    prepared.remember(var)
    (var / "models" / "score.cbm").unlink()
    assert prepared.is_prepared(var)


def test_who_is_started_again_finds_the_tables_of_code_that_came_meanwhile(
    house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for Python writes down what it was started with."""
    python, started = tmp_path / "python", tmp_path / "started"
    python.write_text(f'#!/bin/sh\necho "$@" >> {started}\n')
    python.chmod(0o755)
    monkeypatch.setattr(houses, "PYTHON", str(python))
    for name, value in {"var": tmp_path, "database_url": "x://db", "valkey_url": "x://valkey"}.items():
        monkeypatch.setattr(settings(), name, value)
    mine = House(ConsoleStory())
    mine.worker().prepare()
    assert not started.exists(), "a house that starts is prepared as a whole"
    mine.runs = True
    (house / "infra" / "second.py").write_text("two")
    for program in (mine.api(), mine.worker()):
        program.prepare()
        assert started.read_text() == "-m api.cli prepare\n"
