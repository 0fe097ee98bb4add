"""Plain models for everybody, everybody, and a partner with a shop."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from domain.credit import scoring
from domain.matching import matcher
from infra.database import Db
from infra.settings import settings
from tests.api.offering import close
from tests.api.people import Shop, open_shop
from tests.domain.matching import everybody


@pytest.fixture
def plain_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "_scorers", [everybody.GradesByIncome()])
    monkeypatch.setattr(matcher, "_matchers", [everybody.DearestFirst()])
    monkeypatch.setattr(settings(), "match_batch", 3)


@pytest.fixture
async def people(db: Db, plain_models: None) -> list[UUID]:
    """All there are, in this transaction."""
    return await everybody.settle(db)


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = await open_shop()
    yield shop
    await close(shop)
