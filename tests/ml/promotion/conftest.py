"""A champion and others to take its place; what is live is put back after each test."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import update

from domain.credit.rescores import RescoreRange
from domain.credit.scores import Scoring, ScoringState
from infra.database import transaction
from infra.settings import settings
from ml.live.store import ModelKind
from tests.ml import standings


@pytest.fixture(autouse=True)
async def _standing(models: None) -> AsyncIterator[None]:
    async with standings.put_back():
        yield


@pytest.fixture(autouse=True)
async def _nobody_else_has_a_score(models: None) -> None:
    """Other tests write scores that no facts stand behind; no model can reach those people."""
    async with transaction() as db:
        ready = Scoring.state == ScoringState.READY
        await db.execute(update(Scoring).where(ready).values(state=ScoringState.NOT_ENOUGH_KNOWN))


@pytest.fixture(autouse=True)
async def _small_batches_without_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "rescore_batch", 20)
    monkeypatch.setattr(settings(), "rescore_share", 1.0)
    monkeypatch.setattr(settings(), "rescore_told_per_second", 1e6)
    async with transaction() as db:
        # Another test's people may be told until long after now.
        await db.execute(update(RescoreRange).values(told_until=None))


@pytest.fixture
async def champion() -> str:
    version = (await standings.standing(ModelKind.SCORE)).champion
    assert version is not None
    return version


@pytest.fixture
async def other(champion: str) -> str:
    """A model that gives everybody other points."""
    model = await standings.load_score(champion)
    shift, slope = model.calibration
    return await standings.save(replace(model, calibration=(shift + 0.3, slope)))


@pytest.fixture
async def twin(champion: str) -> str:
    """A model that gives everybody the same points under another version."""
    model = await standings.load_score(champion)
    return await standings.save(replace(model, card={**model.card, "seed": "twin"}))
