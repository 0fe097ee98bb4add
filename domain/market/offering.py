"""Offering: a partner puts a product on its shelf, changes it, and takes it down again."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from domain.actors import PartnerActor
from domain.market import altering, products, staging, standards
from domain.market.altering import Changes
from domain.market.products import Product, ProductStatus, offered_by
from domain.people.partners import Partner
from infra import clock, outbox, receipts
from infra.database import Db
from infra.money import Money


async def upsert(db: Db, actor: PartnerActor, *, sku: str, changes: Changes, key: str) -> Product:
    """Offer a product under the partner's own SKU, or change the one that is there. Absent names keep, None clears.

    With a `publish_at` all of it waits for that time, and a new product is a draft until then; None there undoes what waits.
    What is told again as it is changes nothing. Refuses INVALID and COST_ABOVE_CAP, and then leaves nothing behind.
    """
    standards.check_sku(sku)
    if changes.get("annual_rate") is not None:
        standards.check_rate(changes["annual_rate"], "input", "annualRate")
    input = {"sku": sku, "told": _canonical(changes)}  # as receipts of earlier versions have it
    receipt = await receipts.claim(db, actor=actor.name, operation="upsertProduct", key=key, input=input)
    if receipt.result_id is not None:
        return await db.get_one(Product, receipt.result_id)
    await _one_change_at_a_time(db, actor)
    product = await _offered(db, actor, sku)
    at, told = changes.get("publish_at"), {name: value for name, value in changes.items() if name != "publish_at"}
    if product is None:
        product = await _put_up(db, actor, sku, told if at is None else {**told, "status": ProductStatus.DRAFT})
    elif at is None:
        await _undo(db, product, changes)
        await _change(db, product, told)
    if at is not None:
        await staging.stage(db, product, told, at)
    receipt.result_id = product.id
    return product


async def _one_change_at_a_time(db: Db, actor: PartnerActor) -> None:
    """Two servers of a partner may offer the same new SKU at once; the second then finds the first one's."""
    await db.execute(select(Partner.id).where(Partner.id == actor.partner_id).with_for_update(key_share=True))


async def _offered(db: Db, actor: PartnerActor, sku: str) -> Product | None:
    """Held, as the worker may publish at this moment what waits."""
    its = offered_by(actor).where(Product.sku == sku).with_for_update(of=Product, key_share=True)
    return (await db.execute(its)).scalar_one_or_none()


async def _undo(db: Db, product: Product, changes: Changes) -> None:
    """What waits counts no more where the partner says so, or takes the product down."""
    if "publish_at" in changes or changes.get("status") is ProductStatus.RETIRED:
        staging.undo(product)
        await db.flush()


async def _put_up(db: Db, actor: PartnerActor, sku: str, changes: Changes) -> Product:
    product = altering.drawn_up(actor.partner_id, sku, changes)
    product.updated_at = await clock.now(db)
    db.add(product)
    await _announce(db, product)
    return product


async def _change(db: Db, product: Product, changes: Changes) -> None:
    altering.alter(product, changes)
    if db.is_modified(product):
        product.version, product.updated_at = product.version + 1, await clock.now(db)
        await _announce(db, product)


async def _announce(db: Db, product: Product) -> None:
    await db.flush()
    await outbox.announce(db, products.CHANGED, subject_id=product.id)


def _canonical(value: Any) -> Any:
    """Alike for 0.1 and 0.10: a retry may be written by a newer client."""
    if isinstance(value, Mapping):
        return {name: _canonical(one) for name, one in value.items()}
    if isinstance(value, Money):
        return [value.minor, value.currency]
    return str(value.normalize()) if isinstance(value, Decimal) else value
