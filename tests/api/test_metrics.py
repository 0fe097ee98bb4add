"""The figures for Prometheus: behind a token, cheap, fresh or gone, and nothing of any group of people."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from starlette.applications import Starlette

from api import metrics
from infra import backlog
from infra.database import Db
from infra.settings import settings
from ml.models.artefact import Artefact
from ml.watching import bins, figures, snapshots, watch
from ml.watching.figures import NOTHING, AgedFigures
from ml.watching.snapshots import WatchSnapshot
from tests.statements import statements

LINES = {
    "standings": {"READY": 95, "THIN": 5},
    "decided": [["age", "-24", 200, [80]]],
    "matured": [["age", "-24", 100, [50.0, 10.0]]],
}


@pytest.fixture
async def asked() -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=Starlette(routes=metrics.routes()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://longan.test") as client:
        yield client


@pytest.fixture
async def live(models: None, db: Db) -> Artefact:
    found = await watch.champion(db)
    assert found is not None
    return found


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, live: Artefact) -> None:
    """A look that finds 1,000 scores in one bin, some truths, and rates by group."""
    truths = [[live.version, "A", 760, 400, 4, 6.0]]
    found = WatchSnapshot(day=datetime.now(UTC).date(), taken_at=datetime.now(UTC), truths=truths, **LINES)  # type: ignore[arg-type]

    async def latest(db: Db) -> WatchSnapshot:
        return found

    async def counts(db: Db, *_: object) -> dict[str, dict[int, int]]:
        return {bins.SCORE: {0: 1000}}

    monkeypatch.setattr(snapshots, "latest", latest)
    monkeypatch.setattr(bins, "counts", counts)


OTHERS = (
    "longan_re",
    "longan_operations",
    "longan_webhook",
    "longan_notices",
    "longan_ledger",
    "longan_money",
    "longan_day",
    "longan_client",
)


def told(answer: httpx2.Response) -> dict[str, float]:
    """Each figure of the live model, as `name{labels}`."""
    return {
        sample.name + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name.startswith("longan_") and not sample.name.startswith(OTHERS)
    }


async def test_what_the_last_look_found_is_told_and_nothing_by_group(
    asked: httpx2.AsyncClient, live: Artefact, db: Db, watched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = await watch.watch(db, figures.DAYS)
    assert seen is not None and seen.approvals and seen.group_truths, "the watch itself knows of groups"
    kept = figures.figures_of(seen)

    async def looked(db: Db) -> AgedFigures | None:
        return AgedFigures(age, kept if age < figures.FRESH_SECONDS else NOTHING)

    monkeypatch.setattr(figures, "latest", looked)
    age = 12.0
    score = f"longan_score_psi simulated=true version={live.version}"
    assert told(await asked.get("/metrics")) == {
        "longan_watch_age_seconds": 12,
        score: seen.score.psi,
        "longan_watched_scores": 1000,
        "longan_scoring_share outcome=OUT_OF_RANGE": 0,
        "longan_scoring_share outcome=READY": 0.95,
        "longan_scoring_share outcome=THIN": 0.05,
        "longan_promised_bad_rate grade=A": 0.015,
        "longan_matured_bad_rate grade=A": 0.01,
    }
    age = 100_000
    assert told(await asked.get("/metrics")) == {"longan_watch_age_seconds": 100_000, "longan_watched_scores": 0}


async def test_a_look_leaves_its_figures_beside_its_snapshot_and_reading_them_counts_nothing(
    live: Artefact, db: Db
) -> None:
    from ml.watching import tasks

    await tasks.take_watch_snapshot(db, None)
    seen = await watch.watch(db, figures.DAYS)
    assert seen is not None
    with statements() as sent:
        found = await figures.latest(db)
    assert found is not None and 0 <= found.age_seconds < 60
    assert {**found.kept, "grades": {}} == {**figures.figures_of(seen), "grades": {}}
    assert len(sent) <= 2 and not any("watch_bins" in each or "sum(" in each for each in sent)
    await db.rollback()


async def test_without_a_look_there_are_no_figures(asked: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(db: Db) -> None:
        return None

    monkeypatch.setattr(figures, "latest", never)
    assert {name: str(value) for name, value in told(await asked.get("/metrics")).items()} == {
        "longan_watch_age_seconds": "nan",
        "longan_watched_scores": "0.0",
    }


async def test_an_endless_database_costs_a_scrape_no_more_than_its_patience(
    asked: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "PATIENCE_SECONDS", 0)
    answer = await asked.get("/metrics")
    assert answer.status_code == 200 and "longan_reactions_waiting NaN" in answer.text


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("Bearer wrong", 401),
        ("Bearer öäü", 401),
        ("Basic the-token-of-the-metrics", 401),
        ("the-token-of-the-metrics", 401),
        ("Bearer the-token-of-the-metrics", 200),
        ("bearer  the-token-of-the-metrics", 200),
    ],
)
async def test_the_token_opens_and_nothing_else_does(
    asked: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, shown: str | None, status: int
) -> None:
    monkeypatch.setattr(settings(), "metrics_token", SecretStr("the-token-of-the-metrics"))
    headers: Any = {} if shown is None else {"Authorization": shown.encode()}
    answer = await asked.get("/metrics", headers=headers)
    assert answer.status_code == status
    assert ("longan_" in answer.text) == (status == 200)
    assert answer.headers.get("WWW-Authenticate") == (None if status == 200 else "Bearer")


@pytest.mark.parametrize(
    ("environment", "token", "doors"), [("embedded", None, 1), ("production", None, 0), ("production", "x" * 32, 1)]
)
def test_production_has_the_door_only_with_a_token(
    monkeypatch: pytest.MonkeyPatch, environment: str, token: str | None, doors: int
) -> None:
    monkeypatch.setattr(settings(), "environment", environment)
    monkeypatch.setattr(settings(), "metrics_token", SecretStr(token) if token else None)
    assert len(metrics.routes()) == doors
