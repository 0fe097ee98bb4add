"""A client at the closed doors, and a scorer that needs no model."""

from collections.abc import AsyncIterator, Sequence

import httpx2
import pytest

from api.main import app
from domain.credit import scoring
from domain.credit.grades import Grade
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet
from infra.database import Db
from tests.api.people import scored


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://house") as client:
        yield client


class SteadyScorer:
    """Everybody is a B."""

    model_version = "test"

    def warm(self) -> None:
        pass

    async def catch_up(self, db: Db) -> None:
        pass

    async def keep_up(self, db: Db) -> None:
        pass

    def score(self, sheet: FactSheet) -> Scored:
        return scored(Grade.B)

    def score_many(self, sheets: Sequence[FactSheet]) -> list[Scored]:
        return [scored(Grade.B) for _ in sheets]

    def points(self, sheet: FactSheet) -> int | None:
        return None


@pytest.fixture
def steady_scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "_scorers", [SteadyScorer()])
