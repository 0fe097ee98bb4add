"""Which products few people have seen lately."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Date, cast, func, select

from domain.matching import newness
from domain.matching.product_days import ProductDay
from infra.database import Db
from infra.settings import settings

ENOUGH = settings().explore_new_below


async def show(db: Db, shown_by_days_ago: dict[int, int]) -> UUID:
    today = (await db.execute(select(cast(func.longan_now(), Date)))).scalar_one()
    id = uuid4()
    db.add_all(
        ProductDay(product_id=id, day=today - timedelta(days=days), shown=shown)
        for days, shown in shown_by_days_ago.items()
    )
    await db.flush()
    return id


@pytest.mark.parametrize(
    ("shown", "is_new"),
    [
        ({}, True),
        ({1: ENOUGH - 1}, True),
        ({1: ENOUGH}, False),
        ({1: ENOUGH // 2, 30: ENOUGH - ENOUGH // 2}, False),
        ({31: ENOUGH}, True),
        ({0: ENOUGH}, True),  # today does not count yet
    ],
)
async def test_a_product_is_new_until_enough_have_seen_it(db: Db, shown: dict[int, int], is_new: bool) -> None:
    id = await show(db, shown)
    seen = set((await newness.often_seen(db)).tolist())
    assert (id.bytes.rstrip(b"\0") not in seen) == is_new
