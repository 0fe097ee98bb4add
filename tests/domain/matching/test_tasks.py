"""The reactions of matching: hourly looks at the bands, and forgetting batch by batch."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from domain.matching import tasks
from domain.matching.impressions import Impression
from domain.matching.odds import looking
from domain.matching.odds.bands import BandRecord
from infra import clock, pruning
from infra.database import Db
from infra.ids import new_id
from infra.outbox import announce
from infra.schedules import Schedule
from tests.domain.matching.odds.test_bands import Ranker
from tests.domain.matching.test_impressions import show


@pytest.fixture
async def user_id() -> UUID:
    return new_id()


async def count(db: Db, user_id: UUID) -> int:
    return (await db.execute(select(func.count()).where(Impression.user_id == user_id))).scalar_one()


async def test_the_bands_are_looked_at_every_hour(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    ranker = Ranker()
    monkeypatch.setattr(looking, "matcher", lambda: ranker)
    assert (await db.get_one(Schedule, tasks.LOOK_AT_BANDS)).every == timedelta(hours=1)
    await tasks.look_at_bands(db, await announce(db, tasks.LOOK_AT_BANDS))
    looked_at = select(func.count()).where(BandRecord.model_version == ranker.model_version)
    assert (await db.execute(looked_at)).scalar_one() == 4


async def test_impressions_are_kept_for_four_hundred_days(db: Db, user_id: UUID) -> None:
    for days in (401, 399):
        await show(db, user_id, uuid4(), days_ago=days)
    await pruning.one_batch(db, "prune_showings")
    left = select(Impression.shown_at).where(Impression.user_id == user_id)
    assert (await db.execute(left)).scalars().all() == [await clock.now(db) - timedelta(days=399)]


async def test_an_application_that_is_gone_is_put_down_to_nothing(db: Db, user_id: UUID) -> None:
    await show(db, user_id, uuid4(), days_ago=1)
    event = await announce(db, "application.submitted", user_id=user_id, subject_id=new_id())
    await tasks.attribute_to_showing(db, event)
    assert (
        await db.execute(select(Impression.application_id).where(Impression.user_id == user_id))
    ).scalars().all() == [None]
