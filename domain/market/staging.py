"""Staging: a partner names the time at which changes of a product count. Until then they can be undone; the worker makes them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog
from sqlalchemy import Enum, Numeric

from domain.market import altering, products
from domain.market.altering import Changes
from domain.market.products import Product, ProductStatus
from infra import clock, outbox
from infra.database import Db
from infra.errors import Refusal, invalid
from infra.events import declare
from infra.outbox import Event
from infra.reactions import reaction
from infra.words import N_

DUE = declare("product.publishing_due")
MOST = timedelta(days=366)
FIELD, STATUS = ("input", "publishAt"), ("input", "status")
log = structlog.get_logger()


async def stage(db: Db, product: Product, changes: Changes, at: datetime) -> None:
    """Let the product be so from then on, and be published; what was staged before counts no more.

    Refuses INVALID a time that has passed or is too far ahead, another status, and whatever `upsert` would refuse today.
    """
    now = await clock.now(db)
    if not now < at <= now + MOST:
        raise invalid(N_("Name a time ahead, within a year."), FIELD)
    if changes.get("status") not in (None, ProductStatus.PUBLISHED):
        raise invalid(N_("At that time it is published. Leave the status out, or say PUBLISHED."), STATUS)
    told = {**changes, "status": ProductStatus.PUBLISHED}
    altering.alter(altering.copy_of(product), told)
    product.staged = _written(altering.columns_of(told, product.currency, product.rules))
    product.publish_at, product.publish_refused_at = at, None
    await db.flush()
    await outbox.announce(db, DUE, subject_id=product.id, due_at=at)


def undo(product: Product) -> None:
    """Nothing is staged any more."""
    product.staged = product.publish_at = product.publish_refused_at = None


@reaction(DUE, stored_as="publish_product")
async def publish(db: Db, event: Event) -> None:
    """What is due counts from now. Twice, late, or after it was undone or put off, it does what is missing and no more."""
    assert event.subject_id is not None, "it is of a product"
    product = await db.get(Product, event.subject_id, with_for_update=True, populate_existing=True)
    if product is None or product.publish_at is None or product.publish_at > (now := await clock.now(db)):
        return
    staged = _read(product.staged or {})
    try:
        altering.set_columns(altering.copy_of(product), staged)
    except Refusal as refused:
        # What the law allows may have changed since, or the partner has changed what it rests on.
        log.warning("product.not_published", product_id=str(product.id), reason=refused.code.value)
        product.staged, product.publish_at, product.publish_refused_at = None, None, now
        return
    altering.set_columns(product, staged)
    undo(product)
    product.version, product.updated_at = product.version + 1, now
    await db.flush()
    await outbox.announce(db, products.CHANGED, subject_id=product.id)


def _written(columns: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON holds it."""
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in columns.items()}


def _read(staged: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(name, value) for name, value in staged.items()}


def _value(name: str, value: Any) -> Any:
    kind = Product.__table__.c[name].type
    if value is not None and isinstance(kind, Enum) and kind.enum_class is not None:
        return kind.enum_class(value)
    return Decimal(value) if value is not None and isinstance(kind, Numeric) else value
