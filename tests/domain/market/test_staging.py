"""What a partner stages counts from its time on: once, however often and late the worker comes, and never once it is undone."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from domain.actors import PartnerActor
from domain.market import offering, staging
from domain.market.goods import Goods
from domain.market.products import Product, ProductStatus
from domain.matching import shelf
from infra import clock
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.hindsight import stand_at
from infra.money import Money
from infra.outbox import Event
from infra.settings import settings
from tests.api.people import Shop, open_shop

DRAFT, PUBLISHED, RETIRED = ProductStatus.DRAFT, ProductStatus.PUBLISHED, ProductStatus.RETIRED
HOUR = timedelta(hours=1)


async def upsert(db: Db, shop: Shop, *, sku: str = "loan", **changes: Any) -> Product:
    actor = PartnerActor(shop.partner.id, "client")
    return await offering.upsert(db, actor, sku=sku, changes=changes, key=str(uuid4()))


async def events_of(db: Db, product: Product) -> list[Event]:
    its = select(Event).where(Event.subject_id == product.id, Event.name == staging.DUE)
    return [*(await db.execute(its.order_by(Event.id))).scalars()]


async def published(db: Db, product: Product, at: datetime) -> Product:
    """As it is after the worker came at this time, twice, to all that was ever due."""
    await stand_at(db, at)
    for event in await events_of(db, product) * 2:
        await staging.publish(db, event)
    await db.flush()
    return product


def refused(error: pytest.ExceptionInfo[Refusal]) -> tuple[RefusalCode, tuple[str, ...] | None]:
    return error.value.code, error.value.field


async def test_a_change_counts_from_its_time_on_and_once(db: Db) -> None:
    shop, now = await open_shop(), await clock.now(db)
    rules = {"regions": ["CN-SH"], "income_at_least": Money.of("3000.00", "CNY")}
    told: dict[str, Any] = {
        "title": "A better loan",
        "annual_rate": Decimal("0.1"),
        "amount_max": Money(900_000, "CNY"),
        "rules": rules,
    }
    product = await upsert(db, shop, publish_at=now + HOUR, **told)
    as_it_was = (product.title, product.annual_rate, product.amount_max, product.rules, product.version)
    assert as_it_was == ("A loan", Decimal("0.12"), 1_000_000, {}, 1)
    await published(db, product, now + HOUR - timedelta(seconds=1))
    assert (product.title, product.version) == ("A loan", 1)
    await published(db, product, now + 30 * HOUR)
    assert (product.title, product.annual_rate, product.amount_max) == ("A better loan", Decimal("0.1"), 900_000)
    assert product.rules == {"regions": ["CN-SH"], "income_at_least": "3000.00"}
    assert (product.status, product.version, product.publish_at, product.staged) == (PUBLISHED, 2, None, None)


async def test_a_new_product_is_a_draft_until_its_time(db: Db) -> None:
    shop, now = await open_shop(), await clock.now(db)
    told: dict[str, Any] = {
        "kind": shop.product.kind,
        "title": "A new one",
        "term_months": [12],
        "annual_rate": Decimal("0.1"),
    }
    amounts: dict[str, Any] = {"amount_min": Money(100_000, "CNY"), "amount_max": Money(200_000, "CNY")}
    product = await upsert(db, shop, sku="new", publish_at=now + HOUR, status=PUBLISHED, **told, **amounts)
    assert (product.status, product.publish_at) == (DRAFT, now + HOUR)
    assert (await shelf.current(db)).row_of(product.id) is None
    await published(db, product, now + HOUR)
    assert (product.status, product.version) == (PUBLISHED, 2)
    assert (await shelf.current(db)).row_of(product.id) is not None


@pytest.mark.parametrize("undoing", [{"publish_at": None}, {"status": RETIRED}])
async def test_it_can_be_undone_until_it_happens(db: Db, undoing: dict[str, Any]) -> None:
    shop, now = await open_shop(), await clock.now(db)
    product = await upsert(db, shop, publish_at=now + HOUR, title="Never")
    await upsert(db, shop, **undoing)
    await published(db, product, now + 2 * HOUR)
    assert (product.title, product.publish_at) == ("A loan", None)
    assert product.status is undoing.get("status", PUBLISHED)


async def test_another_time_takes_the_place_of_the_one_before(db: Db) -> None:
    shop, now = await open_shop(), await clock.now(db)
    product = await upsert(db, shop, publish_at=now + HOUR, title="First")
    await upsert(db, shop, publish_at=now + 3 * HOUR, title="Second")
    await published(db, product, now + 2 * HOUR)
    assert (product.title, product.publish_at) == ("A loan", now + 3 * HOUR)
    await published(db, product, now + 3 * HOUR)
    assert (product.title, product.version) == ("Second", 2)


async def test_what_changed_meanwhile_stays_where_nothing_else_was_staged(db: Db) -> None:
    shop, now = await open_shop(), await clock.now(db)
    product = await upsert(db, shop, publish_at=now + HOUR, title="Staged")
    await upsert(db, shop, title="At once", annual_rate=Decimal("0.09"))
    await published(db, product, now + HOUR)
    assert (product.title, product.annual_rate, product.version) == ("Staged", Decimal("0.09"), 3)


async def test_what_cannot_be_offered_any_more_is_dropped_and_says_so(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, now = await open_shop(), await clock.now(db)
    product = await upsert(db, shop, publish_at=now + HOUR, annual_rate=Decimal("0.2"))
    monkeypatch.setattr(settings(), "cost_cap", Decimal("0.15"))
    await published(db, product, now + HOUR)
    assert (product.annual_rate, product.version, product.publish_at) == (Decimal("0.12"), 1, None)
    assert product.publish_refused_at == now + HOUR
    await upsert(db, shop, publish_at=now + 2 * HOUR, title="Again")
    assert product.publish_refused_at is None


async def test_every_sort_of_column_comes_back_as_it_was(db: Db) -> None:
    shop, now = await open_shop(), await clock.now(db)
    told: dict[str, Any] = {
        "late_fee_rate": Decimal("0.05"),
        "grade_at_least": "B",
        "term_months": [6, 24],
        "decision": "INSTANT",
        "goods": None,
        "amount_min": Money(50_000, "CNY"),
    }
    product = await upsert(db, shop, publish_at=now + HOUR, **told)
    await published(db, product, now + HOUR)
    await db.refresh(product)
    at_once = await upsert(db, shop, **told)
    assert at_once.version == 2, "told at once it is no other"
    assert at_once.goods is not Goods.HOME


async def test_a_time_that_cannot_be_is_refused(db: Db) -> None:
    shop, now = await open_shop(), await clock.now(db)
    for at in (now, now - HOUR, now + timedelta(days=367)):
        with pytest.raises(Refusal) as error:
            await upsert(db, shop, publish_at=at, title="Never")
        assert refused(error) == (RefusalCode.INVALID, ("input", "publishAt"))
    with pytest.raises(Refusal) as error:
        await upsert(db, shop, publish_at=now + HOUR, status=RETIRED)
    assert refused(error) == (RefusalCode.INVALID, ("input", "status"))
    with pytest.raises(Refusal) as error:
        await upsert(db, shop, publish_at=now + HOUR, annual_rate=Decimal("0.36"))
    assert error.value.code is RefusalCode.COST_ABOVE_CAP
