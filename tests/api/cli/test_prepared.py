"""A start is prepared again when something changed, and only then."""

from pathlib import Path

import pytest

from api.cli import prepared


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
