"""What happened with products is counted by the day of the house, each thing once, however often it is counted."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, update

from domain.applications.applications import Application, ApplicationStatus
from domain.applications.decisions import Decision, DecisionOutcome
from domain.matching import tasks
from domain.matching.impressions import Impression
from domain.matching.product_days import WHAT, ProductDay
from infra import clock, outbox
from infra.database import Db
from infra.ids import new_id

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2400, 6, 10, 12, tzinfo=SHANGHAI)  # nobody else's things lie so far ahead
TODAY = NOON.date()


@pytest.fixture
async def product_id(db: Db) -> UUID:
    """It is noon, and nothing was ever counted."""
    await clock.advance(db, NOON - await clock.now(db))
    await db.execute(delete(ProductDay))
    return new_id()


async def show(db: Db, product_id: UUID, at: datetime, opened_at: datetime | None = None) -> Impression:
    told: dict[str, Any] = dict.fromkeys(("odds", "odds_band", "wish", "row_sealed"))
    impression = Impression(
        user_id=new_id(),
        list_id=new_id(),
        product_id=product_id,
        position=0,
        propensity=1.0,
        is_explored=False,
        is_personal=True,
        model_version="test",
        value=0.0,
        shown_at=at,
        opened_at=opened_at,
        **told,
    )
    db.add(impression)
    await db.flush()
    return impression


async def apply(
    db: Db, product_id: UUID, at: datetime, status: ApplicationStatus = ApplicationStatus.SUBMITTED
) -> Application:
    application = Application(
        user_id=new_id(),
        product_id=product_id,
        partner_id=new_id(),
        amount=100_000,
        currency="CNY",
        term_months=12,
        status=status,
        promised_by=at,
        created_at=at,
        updated_at=at,
    )
    db.add(application)
    await db.flush()
    return application


async def decide(db: Db, application: Application, at: datetime, outcome: DecisionOutcome) -> None:
    decision = Decision(
        user_id=application.user_id,
        application_id=application.id,
        outcome=outcome,
        decided_at=at,
        decided_by="rules",
        reasons_told=[],
        rule_version="test",
        model_version=None,
        vector_sealed=None,
    )
    db.add(decision)
    await db.flush()


async def counted(db: Db, product_id: UUID) -> dict[date, Sequence[int]]:
    await tasks.count_product_days(db, await outbox.announce(db, tasks.COUNT_DUE))
    mine = select(ProductDay).where(ProductDay.product_id == product_id).order_by(ProductDay.day)
    rows = (await db.execute(mine.execution_options(populate_existing=True))).scalars()
    return {row.day: [getattr(row, what) for what in WHAT] for row in rows}


async def test_each_thing_counts_on_the_day_it_happened(db: Db, product_id: UUID) -> None:
    yesterday = NOON - timedelta(days=1)
    await show(db, product_id, yesterday, opened_at=NOON)
    await show(db, product_id, NOON, opened_at=NOON)
    await show(db, product_id, NOON)
    await show(db, new_id(), NOON)
    await decide(db, await apply(db, product_id, yesterday), NOON, DecisionOutcome.DECLINE)
    accepted = await apply(db, product_id, NOON, ApplicationStatus.ACCEPTED)
    await decide(db, accepted, NOON, DecisionOutcome.REFER)
    await decide(db, accepted, NOON, DecisionOutcome.APPROVE)
    assert await counted(db, product_id) == {
        yesterday.date(): [1, 0, 1, 0, 0, 0],
        TODAY: [2, 2, 1, 1, 1, 1],
    }


async def test_the_day_is_that_of_the_house(db: Db, product_id: UUID) -> None:
    """Half past midnight in Shanghai is yesterday in Greenwich."""
    await show(db, product_id, datetime(2400, 6, 10, 0, 30, tzinfo=SHANGHAI))
    await show(db, product_id, datetime(2400, 6, 9, 23, 30, tzinfo=SHANGHAI))
    assert await counted(db, product_id) == {date(2400, 6, 9): [1, 0, 0, 0, 0, 0], TODAY: [1, 0, 0, 0, 0, 0]}


async def test_counting_twice_counts_once_and_sees_what_came_late_or_went(db: Db, product_id: UUID) -> None:
    before = NOON - timedelta(days=2)
    gone = await show(db, product_id, before)
    once = await counted(db, product_id)
    assert await counted(db, product_id) == once == {before.date(): [1, 0, 0, 0, 0, 0]}
    await db.execute(update(Impression).where(Impression.id == gone.id).values(opened_at=NOON))
    await show(db, product_id, before)
    assert await counted(db, product_id) == {before.date(): [2, 0, 0, 0, 0, 0], TODAY: [0, 1, 0, 0, 0, 0]}
    await db.execute(delete(Impression).where(Impression.product_id == product_id))
    assert await counted(db, product_id) == {}


async def test_what_was_counted_long_ago_stays_when_its_impressions_are_gone(db: Db, product_id: UUID) -> None:
    long_ago = NOON - timedelta(days=5)
    await show(db, product_id, long_ago)
    await show(db, product_id, NOON)
    await counted(db, product_id)
    await db.execute(delete(Impression).where(Impression.product_id == product_id))
    assert await counted(db, product_id) == {long_ago.date(): [1, 0, 0, 0, 0, 0]}


async def test_after_a_long_stop_all_that_happened_since_is_counted(db: Db, product_id: UUID) -> None:
    last = NOON - timedelta(days=30)
    await show(db, product_id, last)
    await counted(db, product_id)
    missed = NOON - timedelta(days=20)
    await show(db, product_id, missed)
    assert list(await counted(db, product_id)) == [last.date(), missed.date()]
