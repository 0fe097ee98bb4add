"""Products as columns, for rules and costs that look at thousands of them at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cached_property
from typing import Any, get_type_hints
from uuid import UUID

import numpy as np
import structlog

from domain.credit.grades import Grade
from domain.market import quoting
from domain.market.arrays import Choices, Currencies, Flags, Floats, Ids, Indices, Objects, Whole, dtype_of
from domain.market.kinds import ProductKind
from domain.market.products import DecisionMode, Product, ProductStatus
from domain.market.rule_inputs import check
from domain.market.terms import costing
from domain.market.words import line_of
from domain.money.loans import Amortisation
from domain.people.profiles import ADULT_YEARS
from infra.errors import Refusal
from infra.money import Money, unit

KINDS = tuple(ProductKind)
GRADES = tuple(Grade)
AGE_MAX = 200

log = structlog.get_logger()


@dataclass(frozen=True, eq=False)
class ProductColumns:
    """One row a product, in the order of their ids. Money in minor units, rates as fractions of a year."""

    products: Objects
    ids: Ids
    partner: Ids
    line: Objects  # of the title, as it is searched
    kind: Whole  # place in KINDS
    currency: Currencies
    unit: Whole  # minor units in one of the currency's own, as 100 fen in a yuan
    step: Whole  # amounts are illustrated in multiples of it
    amount_min: Whole
    amount_max: Whole
    terms: Objects  # a frozenset of months
    months_min: Whole
    months_max: Whole
    months: Whole  # the term that costs are shown for
    annual_rate: Floats  # NaN where nothing is lent
    fee_rate: Floats
    annual_cost: Floats  # all told, of the term that is shown; 0 where nothing is lent
    grade_needed: Whole  # place in GRADES; the last where none is asked for
    age_min: Whole
    age_max: Whole
    income_at_least: Whole
    regions: Objects  # a frozenset; None is everywhere
    occupations: Objects  # a frozenset; None is any
    is_instant: Flags
    is_interest_only: Flags

    def __len__(self) -> int:
        return len(self.products)

    @cached_property
    def by_region(self) -> Choices:
        return Choices(self.regions)

    @cached_property
    def by_occupation(self) -> Choices:
        return Choices(self.occupations)

    def only(self, rows: Indices | list[int]) -> "ProductColumns":
        return ProductColumns(**{each.name: getattr(self, each.name)[rows] for each in fields(self)})


def columns_of(products: Iterable[Product]) -> ProductColumns:
    """Products as columns, without what is offered to nobody: those whose row cannot be read, for what they ask for is unknown,
    and those above the cap, which has fallen since they were put on the shelf."""
    rows = [row for product in products if (row := _readable(product)) is not None and _is_within_cap(product)]
    rows.sort(key=lambda row: row["ids"])
    columns: dict[str, Any] = {name: _column(kind, [row[name] for row in rows]) for name, kind in TYPES.items()}
    annual_cost = costing.annual_costs(columns["annual_rate"], columns["fee_rate"], columns["months"])
    return ProductColumns(annual_cost=annual_cost, **columns)


def is_withheld(product: Product) -> bool:
    """Whether it is published and shown to nobody: the cap has fallen below it, or its row cannot be read."""
    return product.status == ProductStatus.PUBLISHED and (_readable(product) is None or not _is_within_cap(product))


def patched(old: ProductColumns, gone: Sequence[UUID], new: ProductColumns) -> ProductColumns:
    """`old` without the rows of `gone`, and with those of `new`."""
    kept = ~np.isin(old.ids, np.array([id.bytes for id in gone], "S16"))
    joined: dict[str, Any] = {
        each.name: np.concatenate([getattr(old, each.name)[kept], getattr(new, each.name)])
        for each in fields(ProductColumns)
    }
    order = np.argsort(joined["ids"], kind="stable")
    return ProductColumns(**{name: column[order] for name, column in joined.items()})


def _readable(product: Product) -> dict[str, Any] | None:
    # The row may be of a later version of the program, or of somebody's hand.
    try:
        return _row(product)
    except (Refusal, ValueError, TypeError, AttributeError, KeyError, ArithmeticError) as error:
        log.error("product.unreadable", product_id=str(product.id), error=type(error).__name__)
        return None


def _is_within_cap(product: Product) -> bool:
    if quoting.is_within_cap(product):
        return True
    log.warning("product.above_cap", product_id=str(product.id))
    return False


def _row(product: Product) -> dict[str, Any]:
    rules = product.rules
    check(rules)
    return {
        "products": product,
        "ids": product.id.bytes,
        "partner": product.partner_id.bytes,
        "line": line_of(product.title),
        "kind": KINDS.index(product.kind),
        "currency": product.currency.encode(),
        "unit": unit(product.currency),
        "step": quoting.step(product.currency),
        "amount_min": product.amount_min,
        "amount_max": product.amount_max,
        "terms": frozenset(product.term_months),
        "months_min": min(product.term_months),
        "months_max": max(product.term_months),
        "months": quoting.usual_term(product),
        "annual_rate": np.nan if product.annual_rate is None else _finite(product.annual_rate),
        "fee_rate": _finite(product.fee_rate),
        "grade_needed": GRADES.index(product.grade_at_least or GRADES[-1]),
        "age_min": max(ADULT_YEARS, rules.get("age_min", ADULT_YEARS)),
        "age_max": rules.get("age_max", AGE_MAX),
        "income_at_least": Money.of(rules.get("income_at_least", "0"), product.currency).minor,
        "regions": _choice(rules, "regions"),
        "occupations": _choice(rules, "occupations"),
        "is_interest_only": product.amortisation is Amortisation.INTEREST_ONLY,
        "is_instant": product.decision == DecisionMode.INSTANT,
    }


def _finite(rate: Decimal) -> float:
    if not rate.is_finite():
        raise ValueError("a rate is a number")  # NaN means that nothing is lent
    return float(rate)


def _choice(rules: Mapping[str, Any], name: str) -> frozenset[str] | None:
    return frozenset(rules[name]) if name in rules else None


def _column(kind: Any, values: Sequence[Any]) -> Any:
    column = np.empty(len(values), kind)
    column[:] = values
    return column


# What each row says, as its column is kept; what is worked out of others is none of these.
TYPES: Mapping[str, Any] = {
    name: dtype_of(kind)
    for name, kind in get_type_hints(ProductColumns, include_extras=True).items()
    if name != "annual_cost"
}
