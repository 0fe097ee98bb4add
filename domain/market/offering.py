"""Offering: a partner puts a product on its shelf, changes it, and takes it down again."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select

from domain.actors import PartnerActor
from domain.market import products, standards
from domain.market.products import DecisionMode, PaymentOrder, Product, ProductStatus, offered_by
from domain.money.loans import Amortisation
from domain.people.partners import Partner
from infra import clock, outbox, receipts
from infra.database import Db
from infra.errors import Faults, invalid, together
from infra.ids import new_id
from infra.money import Money
from infra.settings import settings
from infra.words import N_

NEEDED = ("kind", "title", "amount_min", "amount_max", "term_months")
# Nobody is shown a product, and no partner is bound by our rules, before the partner says so.
FIRST: Mapping[str, Any] = {"annual_rate": None, "decision": DecisionMode.PARTNER, "status": ProductStatus.DRAFT}
CLEARED: Mapping[str, Any] = {
    "payment_order": PaymentOrder.CHARGES_FIRST,
    "amortisation": Amortisation.EQUAL,
    "annual_rate": None,
    "late_fee_rate": Decimal(0),
    "deposit": 0,
    "goods": None,
    "grade_at_least": None,
}

Changes = Mapping[str, Any]  # by the names of Product's columns; amounts are Money, rules a mapping of the same sort


async def upsert(db: Db, actor: PartnerActor, *, sku: str, changes: Changes, key: str) -> Product:
    """Offer a product under the partner's own SKU, or change the one that is there. Absent names keep, None clears.

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
    if product is None:
        product = await _put_up(db, actor, sku, changes)
    else:
        await _change(db, product, changes)
    receipt.result_id = product.id
    return product


async def _one_change_at_a_time(db: Db, actor: PartnerActor) -> None:
    """Two servers of a partner may offer the same new SKU at once; the second then finds the first one's."""
    await db.execute(select(Partner.id).where(Partner.id == actor.partner_id).with_for_update(key_share=True))


async def _offered(db: Db, actor: PartnerActor, sku: str) -> Product | None:
    return (await db.execute(offered_by(actor).where(Product.sku == sku))).scalar_one_or_none()


async def _put_up(db: Db, actor: PartnerActor, sku: str, changes: Changes) -> Product:
    product = drawn_up(actor.partner_id, sku, changes)
    product.updated_at = await clock.now(db)
    db.add(product)
    await _announce(db, product)
    return product


def drawn_up(partner_id: UUID, sku: str, changes: Changes) -> Product:
    """A new product as it was told, not offered yet. Refuses as `upsert` does."""
    if missing := [name for name in NEEDED if changes.get(name) is None]:
        raise together([invalid(N_("A new product needs this."), _path(name)) for name in missing])
    currency = settings().currency
    columns = {**FIRST, **_columns(changes, currency, {})}
    product = Product(id=new_id(), partner_id=partner_id, sku=sku, currency=currency, **columns)
    standards.check(product)
    return product


async def _change(db: Db, product: Product, changes: Changes) -> None:
    alter(product, changes)
    if db.is_modified(product):
        product.version, product.updated_at = product.version + 1, await clock.now(db)
        await _announce(db, product)


def alter(product: Product, changes: Changes) -> None:
    """Change what was told; the caller keeps it, or not. Refuses as `upsert` does."""
    if changes.get("kind") not in (None, product.kind):
        raise invalid(
            N_("A product's kind cannot change: this one stays {kind}. Offer another kind under a new SKU."),
            ("input", "kind"),
            kind=product.kind.value,
        )
    columns = _columns(changes, product.currency, product.rules)
    if (status := columns.get("status", product.status)) != product.status:
        products.LIFE.require(product.status, status, "input", "status")
    for name, value in columns.items():
        setattr(product, name, value)
    # What may not be offered any longer, as where the cap has fallen, can still be taken down.
    if not (set(changes) <= {"kind", "status"} and product.status == ProductStatus.RETIRED):
        standards.check(product)


async def _announce(db: Db, product: Product) -> None:
    await db.flush()
    await outbox.announce(db, products.CHANGED, subject_id=product.id)


def _columns(changes: Changes, currency: str, rules: Mapping[str, Any]) -> dict[str, Any]:
    """The changes, as the columns hold it."""
    faults = Faults()
    columns = {
        name: faults.of(
            partial(_rules, value, currency, rules) if name == "rules" else partial(_column, name, value, currency)
        )
        for name, value in changes.items()
    }
    faults.refuse()
    return columns


def _column(name: str, value: Any, currency: str) -> Any:
    if value is None:
        return _cleared(name)
    if isinstance(value, Money):
        return _in(currency, value, name).minor
    return value.strip() if name == "title" else value


def _cleared(name: str) -> Any:
    if name not in CLEARED:
        raise invalid(N_("This can be changed, but not cleared."), _path(name))
    return CLEARED[name]


def _rules(changes: Changes | None, currency: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    if changes is None:
        return {}
    rules = {**kept, **{name: _rule(name, value, currency) for name, value in changes.items()}}
    return {name: value for name, value in rules.items() if value is not None}


def _rule(name: str, value: Any, currency: str) -> Any:
    if isinstance(value, Money):
        return str(_in(currency, value, "rules", name))
    # In whatever order they are told, the same regions are the same rule.
    return sorted(set(value)) if isinstance(value, list) else value


def _in(currency: str, money: Money, *names: str) -> Money:
    if money.currency != currency:
        raise invalid(N_("This product is in {currency}."), _path(*names), currency=currency)
    return money


def _path(*names: str) -> tuple[str, ...]:
    """The path at which a field stands in the partner's input."""
    return "input", *(re.sub(r"_(\w)", lambda match: match[1].upper(), name) for name in names)


def _canonical(value: Any) -> Any:
    """Alike for 0.1 and 0.10: a retry may be written by a newer client."""
    if isinstance(value, Mapping):
        return {name: _canonical(one) for name, one in value.items()}
    if isinstance(value, Money):
        return [value.minor, value.currency]
    return str(value.normalize()) if isinstance(value, Decimal) else value
