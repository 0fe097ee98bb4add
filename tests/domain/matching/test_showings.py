"""Showings: each product of a list once, sealed, and nothing of who is gone."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select

from domain.matching import showings
from domain.matching.matcher import OddsBand
from domain.matching.showings import Showing, Shown
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


async def of(db: Db, user_id: UUID) -> Sequence[Showing]:
    mine = select(Showing).where(Showing.user_id == user_id).order_by(Showing.position)
    return (await db.execute(mine.execution_options(populate_existing=True))).scalars().all()


class TestRecording:
    async def test_keeps_what_was_shown(self, db: Db, user_id: UUID) -> None:
        page = [shown(new_id(), place) for place in range(3)]
        await showings.record(db, user_id, page)
        rows = await of(db, user_id)
        assert [(row.product_id, row.position) for row in rows] == [(one.product_id, one.position) for one in page]
        (first, *_) = rows
        assert (first.propensity, first.odds, first.odds_band, first.wish) == (0.95, 0.7, OddsBand.HIGH, None)
        assert (first.shown_at, first.opened_at, first.application_id) == (await clock.now(db), None, None)

    async def test_seals_what_the_models_read(self, db: Db, user_id: UUID) -> None:
        await showings.record(db, user_id, [shown(new_id())])
        (row,) = await of(db, user_id)
        assert row.row_sealed is not None
        seal = await vault.seal_of(db, user_id)
        assert seal.open(row.row_sealed, showings.ROW) == {"age": 31.0, "income": None}

    async def test_keeps_no_columns_where_none_were_read(self, db: Db, user_id: UUID) -> None:
        await showings.record(db, user_id, [shown(new_id(), columns=None, is_personal=False)])
        assert [row.row_sealed for row in await of(db, user_id)] == [None]

    async def test_the_same_list_read_again_is_not_shown_anew(self, db: Db, user_id: UUID) -> None:
        page = [shown(new_id(), place) for place in range(2)]
        await showings.record(db, user_id, page)
        first = [row.id for row in await of(db, user_id)]
        await showings.record(db, user_id, page)
        assert [row.id for row in await of(db, user_id)] == first

    async def test_another_list_is(self, db: Db, user_id: UUID) -> None:
        one = shown(new_id())
        await showings.record(db, user_id, [one, replace(one, list_id=new_id())])
        assert len(await of(db, user_id)) == 2

    async def test_leaves_nothing_of_who_was_erased(self, db: Db, user_id: UUID) -> None:
        await db.execute(delete(PersonKey).where(PersonKey.user_id == user_id))
        db.expire_all()
        await showings.record(db, user_id, [shown(new_id())])
        assert await of(db, user_id) == []

    async def test_an_empty_page_is_no_showing(self, db: Db, user_id: UUID) -> None:
        await showings.record(db, user_id, [])
        assert await of(db, user_id) == []
