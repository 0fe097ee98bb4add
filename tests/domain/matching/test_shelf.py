"""The shelf is never behind: whoever changed a product, and however, the next read has it."""

from collections.abc import AsyncIterator
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import delete, inspect, text, update

from domain.market.products import Product, ProductStatus
from domain.matching import browsing, shelf
from domain.matching.browsing import Wanted
from domain.people.partners import Partner
from infra.database import reading, transaction
from infra.ids import new_id
from infra.settings import settings
from tests.domain.matching import goods
from tests.trying import rolled_back


@pytest.fixture
async def mine(house: None) -> AsyncIterator[Product]:
    """A product of a partner of its own, gone again afterwards."""
    async with transaction() as db:
        partner = Partner(id=new_id(), code=f"shelf-{new_id()}", name="Shelf", purpose="LENDING")
        db.add(partner)
        await db.flush()
        product = goods.product(id=new_id(), partner_id=partner.id)
        db.add(product)
    yield product
    async with transaction() as db:
        await db.execute(delete(Partner).where(Partner.id == partner.id))


async def seen() -> shelf.Shelf:
    async with reading() as db:
        return await shelf.current(db)


def rate_of(there: shelf.Shelf, id: UUID) -> float | None:
    row = there.row_of(id)
    return None if row is None else float(there.columns.annual_rate[row])


async def test_a_new_product_is_there_at_once(mine: Product) -> None:
    assert rate_of(await seen(), mine.id) == 0.12


async def test_an_edit_by_any_writer_is_seen_at_the_next_read(mine: Product) -> None:
    await seen()
    async with transaction() as db:
        await db.execute(text("UPDATE products SET annual_rate = 0.05 WHERE id = :id"), {"id": mine.id})
    there = await seen()
    assert rate_of(there, mine.id) == 0.05
    row = there.row_of(mine.id)
    assert row is not None and there.product(row).annual_rate == Decimal("0.05")


async def test_what_is_retired_or_deleted_is_gone(mine: Product) -> None:
    assert rate_of(await seen(), mine.id)
    async with transaction() as db:
        await db.execute(update(Product).where(Product.id == mine.id).values(status=ProductStatus.RETIRED))
    assert (await seen()).row_of(mine.id) is None
    async with transaction() as db:
        await db.execute(update(Product).where(Product.id == mine.id).values(status=ProductStatus.PUBLISHED))
    assert rate_of(await seen(), mine.id)
    async with transaction() as db:
        await db.execute(delete(Product).where(Product.id == mine.id))
    assert (await seen()).row_of(mine.id) is None


async def test_a_shelf_that_was_patched_is_the_shelf_read_anew(mine: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    await seen()
    async with transaction() as db:
        await db.execute(update(Product).where(Product.id == mine.id).values(amount_max=3_000_000))
    patched = await seen()
    monkeypatch.setattr(shelf, "_shared", None)
    anew = await seen()
    assert patched is not anew
    assert patched.columns.ids.tolist() == anew.columns.ids.tolist()
    assert patched.columns.amount_max.tolist() == anew.columns.amount_max.tolist()


async def test_nothing_is_read_where_nothing_has_changed(mine: Product) -> None:
    assert (await seen()).columns is (await seen()).columns


async def test_what_was_rolled_back_was_seen_by_nobody_else(mine: Product) -> None:
    await seen()
    async with rolled_back() as db:
        await db.execute(update(Product).where(Product.id == mine.id).values(annual_rate=Decimal("0.01")))
        assert rate_of(await shelf.current(db), mine.id) == 0.01
    assert rate_of(await seen(), mine.id) == 0.12
    async with transaction() as db:
        await db.execute(update(Product).where(Product.id == mine.id).values(annual_rate=Decimal("0.02")))
    assert rate_of(await seen(), mine.id) == 0.02


async def test_nor_what_a_savepoint_wrote(mine: Product) -> None:
    await seen()
    async with rolled_back() as db:
        async with db.begin_nested():
            await db.execute(update(Product).where(Product.id == mine.id).values(annual_rate=Decimal("0.01")))
        assert rate_of(await shelf.current(db), mine.id) == 0.01
    async with transaction() as db:
        await db.execute(update(Product).where(Product.id == mine.id).values(annual_rate=Decimal("0.02")))
    assert rate_of(await seen(), mine.id) == 0.02


async def test_a_writer_of_products_waits_for_another_and_both_are_counted(mine: Product) -> None:
    before = (await seen()).version
    for _ in range(2):
        async with transaction() as db:
            await db.execute(update(Product).where(Product.id == mine.id).values(version=Product.version + 1))
    assert (await seen()).version == before + 2


async def test_a_rolled_back_read_leaves_the_shelf_whole(mine: Product) -> None:
    """The products are of no session: what a batch had read before it failed serves others afterwards."""
    shelf._shared = None

    async def fail() -> None:
        async with transaction() as db:
            await shelf.current(db)
            await db.get_one(Product, mine.id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    there = await seen()
    row = there.row_of(mine.id)
    assert row is not None
    product = there.product(row)
    assert (product.title, product.annual_rate, product.rules) == (mine.title, Decimal("0.12"), {})
    assert inspect(product).transient


async def test_what_a_transaction_changed_and_took_back_never_reaches_the_shelf(mine: Product) -> None:
    await seen()

    async def fail() -> None:
        async with transaction() as db:
            product = await db.get_one(Product, mine.id)
            product.title = "Never"
            await shelf.current(db)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    there = await seen()
    row = there.row_of(mine.id)
    assert row is not None and there.product(row).title == mine.title


@pytest.mark.parametrize(
    "spoilt",
    [
        'rules = \'{"income_at_least": "a lot"}\'',
        "rules = '{\"years_employed\": 3}'",
        "rules = '[]'",
        "kind = 'SHIP'",
        "decision = 'ORACLE'",
        "grade_at_least = 'E'",
        "term_months = '[]'",
        "currency = 'XYZ'",
    ],
)
async def test_a_row_that_cannot_be_read_is_missing_alone(mine: Product, spoilt: str) -> None:
    before = await seen()
    async with transaction() as db:
        await db.execute(text(f"UPDATE products SET {spoilt} WHERE id = :id"), {"id": mine.id})
    there = await seen()
    assert (len(there), there.row_of(mine.id)) == (len(before) - 1, None)
    assert there.withheld == {mine.id}
    async with transaction() as db:
        await db.execute(text("UPDATE products SET fee_rate = fee_rate"))
    assert (await seen()).withheld == {mine.id}, "and what changes beside it is brought up to date"
    mended = "rules = '{}', kind = 'LOAN', decision = 'INSTANT', grade_at_least = NULL, term_months = '[6]', currency = 'CNY'"
    async with transaction() as db:
        await db.execute(text(f"UPDATE products SET {mended} WHERE id = :id"), {"id": mine.id})
    there = await seen()
    assert (len(there), there.withheld) == (len(before), frozenset())
    assert rate_of(there, mine.id) == 0.12


async def test_what_a_lower_cap_no_longer_allows_is_not_offered(mine: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its fee it costs 14 % over six months, and 13 % over a year: one dear term withholds the product."""

    async def offered(cap: str) -> tuple[bool, bool, bool]:
        monkeypatch.setattr(settings(), "cost_cap", Decimal(cap))
        monkeypatch.setattr(shelf, "_shared", None)  # a cap is a process's own, from its start
        there = await seen()
        async with reading() as db:
            page = await browsing.page(db, Wanted(partner_id=mine.partner_id), first=None, after=None)
        return there.row_of(mine.id) is not None, mine.id in there.withheld, page.count == 1

    async with transaction() as db:
        terms = {"term_months": [6, 12], "fee_rate": Decimal("0.006")}
        await db.execute(update(Product).where(Product.id == mine.id).values(**terms))
    assert [await offered(cap) for cap in ("0.15", "0.138", "0.12", "0.15")] == [
        (True, False, True),
        (False, True, False),
        (False, True, False),
        (True, False, True),
    ]
