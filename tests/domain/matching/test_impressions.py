"""Impressions: each product of a list once, sealed, and nothing of who is gone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select

from domain.applications.applications import Application, ApplicationStatus
from domain.matching import impressions
from domain.matching.impressions import Impression, Shown
from domain.matching.matcher import OddsBand
from infra import clock, vault
from infra.database import Db
from infra.ids import new_id
from infra.vault import PersonKey


def shown(list_id: UUID, position: int = 0, **more: object) -> Shown:
    one = Shown(
        list_id=list_id,
        product_id=uuid4(),
        position=position,
        propensity=0.95,
        is_explored=False,
        is_personal=True,
        model_version="m1",
        odds=0.7,
        odds_band=OddsBand.HIGH,
        wish=None,
        value=0.5,
        columns={"age": 31.0, "income": None},
    )
    return replace(one, **more)  # type: ignore[arg-type]


@pytest.fixture
async def user_id(db: Db) -> UUID:
    key = vault.new_person_key(new_id())
    db.add(key)
    await db.flush()
    return key.user_id


async def of(db: Db, user_id: UUID) -> Sequence[Impression]:
    mine = select(Impression).where(Impression.user_id == user_id).order_by(Impression.position, Impression.shown_at)
    return (await db.execute(mine.execution_options(populate_existing=True))).scalars().all()


class TestRecording:
    async def test_keeps_what_was_shown(self, db: Db, user_id: UUID) -> None:
        page = [shown(new_id(), place) for place in range(3)]
        await impressions.record(db, user_id, page)
        rows = await of(db, user_id)
        assert [(row.product_id, row.position) for row in rows] == [(one.product_id, one.position) for one in page]
        (first, *_) = rows
        assert (first.propensity, first.odds, first.odds_band, first.wish) == (0.95, 0.7, OddsBand.HIGH, None)
        assert (first.shown_at, first.opened_at, first.application_id) == (await clock.now(db), None, None)

    async def test_seals_what_the_models_read(self, db: Db, user_id: UUID) -> None:
        await impressions.record(db, user_id, [shown(new_id())])
        (row,) = await of(db, user_id)
        assert row.row_sealed is not None
        seal = await vault.seal_of(db, user_id)
        assert seal.open(row.row_sealed, impressions.ROW) == {"age": 31.0, "income": None}

    async def test_keeps_no_columns_where_none_were_read(self, db: Db, user_id: UUID) -> None:
        await impressions.record(db, user_id, [shown(new_id(), columns=None, is_personal=False)])
        assert [row.row_sealed for row in await of(db, user_id)] == [None]

    async def test_the_same_list_read_again_is_not_shown_anew(self, db: Db, user_id: UUID) -> None:
        page = [shown(new_id(), place) for place in range(2)]
        await impressions.record(db, user_id, page)
        first = [row.id for row in await of(db, user_id)]
        await impressions.record(db, user_id, page)
        assert [row.id for row in await of(db, user_id)] == first

    async def test_another_list_is(self, db: Db, user_id: UUID) -> None:
        one = shown(new_id())
        await impressions.record(db, user_id, [one, replace(one, list_id=new_id())])
        assert len(await of(db, user_id)) == 2

    async def test_leaves_nothing_of_who_was_erased(self, db: Db, user_id: UUID) -> None:
        await db.execute(delete(PersonKey).where(PersonKey.user_id == user_id))
        db.expire_all()
        await impressions.record(db, user_id, [shown(new_id())])
        assert await of(db, user_id) == []

    async def test_an_empty_page_is_no_impression(self, db: Db, user_id: UUID) -> None:
        await impressions.record(db, user_id, [])
        assert await of(db, user_id) == []


async def show(db: Db, user_id: UUID, product_id: UUID, *, days_ago: float) -> UUID:
    """Answers the impression's id."""
    at = await clock.now(db) - timedelta(days=days_ago)
    row = Impression(
        user_id=user_id,
        list_id=new_id(),
        product_id=product_id,
        position=3,
        propensity=1.0,
        is_explored=False,
        is_personal=True,
        model_version="m1",
        odds=None,
        odds_band=None,
        wish=None,
        value=1.0,
        row_sealed=None,
        shown_at=at,
    )
    db.add(row)
    await db.flush()
    return row.id


class TestOpening:
    async def test_counts_for_the_latest_impression_alone(self, db: Db, user_id: UUID) -> None:
        product_id = uuid4()
        before, latest = [await show(db, user_id, product_id, days_ago=days) for days in (2, 1)]
        assert await impressions.open_latest(db, user_id, {product_id}) == 1
        assert {row.id: row.opened_at for row in await of(db, user_id)} == {before: None, latest: await clock.now(db)}

    async def test_counts_once(self, db: Db, user_id: UUID) -> None:
        product_id = uuid4()
        await show(db, user_id, product_id, days_ago=1)
        await impressions.open_latest(db, user_id, {product_id})
        opened_at = await clock.now(db)
        await clock.advance(db, timedelta(hours=1))
        assert await impressions.open_latest(db, user_id, {product_id}) == 1
        assert [row.opened_at for row in await of(db, user_id)] == [opened_at]

    async def test_leaves_what_was_shown_long_ago(self, db: Db, user_id: UUID) -> None:
        product_id = uuid4()
        await show(db, user_id, product_id, days_ago=31)
        assert await impressions.open_latest(db, user_id, {product_id}) == 0
        assert [row.opened_at for row in await of(db, user_id)] == [None]

    async def test_leaves_what_was_shown_to_others(self, db: Db, user_id: UUID) -> None:
        product_id, other = uuid4(), new_id()
        await show(db, other, product_id, days_ago=1)
        assert await impressions.open_latest(db, user_id, {product_id, uuid4()}) == 0
        assert [row.opened_at for row in await of(db, other)] == [None]


async def apply(db: Db, user_id: UUID, product_id: UUID) -> Application:
    now = await clock.now(db)
    application = Application(
        user_id=user_id,
        product_id=product_id,
        partner_id=uuid4(),
        amount=100_000,
        currency="CNY",
        term_months=6,
        status=ApplicationStatus.WITHDRAWN,
        promised_by=now,
        created_at=now,
        updated_at=now,
    )
    db.add(application)
    await db.flush()
    return application


class TestAttributing:
    async def test_an_application_comes_of_the_latest_impression(self, db: Db, user_id: UUID) -> None:
        product_id = uuid4()
        before, latest = [await show(db, user_id, product_id, days_ago=days) for days in (2, 1)]
        application = await apply(db, user_id, product_id)
        await impressions.attribute(db, application)
        rows = {row.id: row for row in await of(db, user_id)}
        assert (rows[before].application_id, rows[before].opened_at) == (None, None)
        assert (rows[latest].application_id, rows[latest].opened_at) == (application.id, application.created_at)

    async def test_it_stays_opened_since_it_was(self, db: Db, user_id: UUID) -> None:
        product_id = uuid4()
        await show(db, user_id, product_id, days_ago=1)
        await impressions.open_latest(db, user_id, {product_id})
        opened_at = await clock.now(db)
        await clock.advance(db, timedelta(hours=1))
        application = await apply(db, user_id, product_id)
        await impressions.attribute(db, application)
        (row,) = await of(db, user_id)
        assert (row.application_id, row.opened_at) == (application.id, opened_at)

    async def test_an_impression_brings_one_application(self, db: Db, user_id: UUID) -> None:
        product_id = uuid4()
        await show(db, user_id, product_id, days_ago=1)
        first, second = [await apply(db, user_id, product_id) for _ in range(2)]
        await impressions.attribute(db, first)
        await impressions.attribute(db, second)
        assert [row.application_id for row in await of(db, user_id)] == [first.id]

    async def test_what_was_shown_long_ago_or_later_brought_none(self, db: Db, user_id: UUID) -> None:
        product_id = uuid4()
        application = await apply(db, user_id, product_id)
        await show(db, user_id, product_id, days_ago=31)
        await show(db, user_id, product_id, days_ago=-1)
        await impressions.attribute(db, application)
        assert [row.application_id for row in await of(db, user_id)] == [None, None]
