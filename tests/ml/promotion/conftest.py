"""A champion and others to take its place; what is live is put back after each test."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from domain.credit.rescores import RescoreRange
from domain.credit.scoring import scorer
from infra.database import transaction
from infra.settings import settings
from ml.live import registry
from ml.live.registry import Kind
from ml.models import artefact as artefacts


@pytest.fixture(autouse=True)
def _standing(models: None) -> Iterator[None]:
    pointer = registry.pointer(Kind.SCORE)
    before = pointer.read_bytes()
    yield
    registry._write(pointer, before)
    scorer().catch_up()


@pytest.fixture(autouse=True)
async def _small_batches_without_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "rescore_batch", 20)
    monkeypatch.setattr(settings(), "rescore_share", 1.0)
    monkeypatch.setattr(settings(), "rescore_told_per_second", 1e6)
    async with transaction() as db:
        # Another test's people may be told until long after now.
        await db.execute(update(RescoreRange).values(told_until=None))


@pytest.fixture
def folder() -> Path:
    return registry.folder()


@pytest.fixture
def champion() -> str:
    version = registry.standing(Kind.SCORE).champion
    assert version is not None
    return version


@pytest.fixture
def other(champion: str, folder: Path) -> str:
    """A model that gives everybody other points."""
    model = registry.load_score(champion)
    shift, slope = model.calibration
    return artefacts.save(replace(model, calibration=(shift + 0.3, slope)), folder)


@pytest.fixture
def twin(champion: str, folder: Path) -> str:
    """A model that gives everybody the same points under another version."""
    model = registry.load_score(champion)
    return artefacts.save(replace(model, card={**model.card, "seed": "twin"}), folder)
