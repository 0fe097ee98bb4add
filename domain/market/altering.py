"""Altering: a product as it was told, or as it would be with what was told; nothing is kept here."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from domain.market import products, standards
from domain.market.products import DecisionMode, PaymentOrder, Product, ProductStatus
from domain.money.loans import Amortisation
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


def drawn_up(partner_id: UUID, sku: str, changes: Changes) -> Product:
    """A new product as it was told, not offered yet. Refuses as `upsert` does."""
    if missing := [name for name in NEEDED if changes.get(name) is None]:
        raise together([invalid(N_("A new product needs this."), _path(name)) for name in missing])
    currency = settings().currency
    columns = {**FIRST, **columns_of(changes, currency, {})}
    product = Product(id=new_id(), partner_id=partner_id, sku=sku, currency=currency, **columns)
    standards.check(product)
    return product


def alter(product: Product, changes: Changes) -> None:
    """Change what was told; the caller keeps it, or not. Refuses as `upsert` does."""
    if changes.get("kind") not in (None, product.kind):
        raise invalid(
            N_("A product's kind cannot change: this one stays {kind}. Offer another kind under a new SKU."),
            ("input", "kind"),
            kind=product.kind.value,
        )
    set_columns(product, columns_of(changes, product.currency, product.rules))


def set_columns(product: Product, columns: Mapping[str, Any]) -> None:
    """Change what these columns say; the caller keeps it, or not. Refuses as `upsert` does."""
    if (status := columns.get("status", product.status)) != product.status:
        products.LIFE.require(product.status, status, "input", "status")
    for name, value in columns.items():
        setattr(product, name, value)
    # What may not be offered any longer, as where the cap has fallen, can still be taken down.
    if not (set(columns) <= {"kind", "status"} and product.status == ProductStatus.RETIRED):
        standards.check(product)


def copy_of(product: Product) -> Product:
    """Known to no session, so that nothing of it is ever written."""
    columns = (column.key for column in Product.__mapper__.column_attrs)
    return Product(**{name: getattr(product, name) for name in columns if name != "shelved_in"})


def columns_of(changes: Changes, currency: str, rules: Mapping[str, Any]) -> dict[str, Any]:
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
