"""Which products few people have seen lately."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from domain.matching import shelf
from domain.matching.learning import newness
from domain.matching.product_days import ProductDay
from infra.database import Db, reading, transaction
from infra.ids import new_id
from infra.settings import settings
from tests.domain.matching import goods

ENOUGH = settings().explore_new_below
TODAY = date(2026, 11, 22)


async def show(db: Db, shown_by_days_ago: dict[int, int]) -> UUID:
    id = uuid4()
    db.add_all(
        ProductDay(product_id=id, day=TODAY - timedelta(days=days), shown=shown)
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
    seen = set((await newness.often_seen(db, TODAY)).tolist())
    assert (id.bytes.rstrip(b"\0") not in seen) == is_new


class TestOfTheShelf:
    async def test_is_told_by_row(self, db: Db) -> None:
        known, unknown = await show(db, {1: ENOUGH}), await show(db, {})
        both = shelf.shelf_of([goods.product(id=id) for id in (known, unknown)])
        assert (await newness.of_products(db, both, TODAY)).tolist() == [
            id == unknown for id in sorted([known, unknown])
        ]

    async def test_is_asked_for_again_when_something_was_counted_or_another_day_begins(self) -> None:
        product_id = new_id()
        there, tomorrow = shelf.shelf_of([goods.product(id=product_id)]), TODAY + timedelta(days=1)
        async with reading() as db:
            first = await newness.of_products(db, there, TODAY)
            assert first.tolist() == [True] and await newness.of_products(db, there, TODAY) is first
        async with transaction() as db:
            db.add(ProductDay(product_id=product_id, day=TODAY, shown=ENOUGH))
        async with reading() as db:
            again = await newness.of_products(db, there, TODAY)
            assert again.tolist() == [True] and again is not first
            assert (await newness.of_products(db, there, tomorrow)).tolist() == [False]
