"""Products as columns, for rules and costs that look at thousands of them at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.credit.grades import Grade
from domain.market.products import DecisionMode, Product, ProductKind
from domain.market.terms import costing, quoting
from domain.people.profiles import ADULT_YEARS

KINDS = tuple(ProductKind)
GRADES = tuple(Grade)
AGE_MAX = 200

Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]
Whole = NDArray[np.int64]
Floats = NDArray[np.float64]
Objects = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Columns:
    """One row a product, in the order of their ids. Money in minor units, rates as fractions of a year."""

    products: Objects
    ids: NDArray[np.bytes_]
    kind: Whole  # place in KINDS
    amount_min: Whole
    amount_max: Whole
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
    is_sponsored: Flags

    def __len__(self) -> int:
        return len(self.products)


def columns_of(products: Iterable[Product]) -> Columns:
    rows = sorted(products, key=lambda product: product.id.bytes)
    kind = _whole(KINDS.index(row.kind) for row in rows)
    rate = _floats(np.nan if row.annual_rate is None else float(row.annual_rate) for row in rows)
    fee = _floats(float(row.fee_rate) for row in rows)
    months = _whole(quoting.usual_term(row) for row in rows)
    rules = [row.rules for row in rows]
    return Columns(
        products=_objects(rows),
        ids=np.array([row.id.bytes for row in rows], "S16"),
        kind=kind,
        amount_min=_whole(row.amount_min for row in rows),
        amount_max=_whole(row.amount_max for row in rows),
        months_min=_whole(min(row.term_months) for row in rows),
        months_max=_whole(max(row.term_months) for row in rows),
        months=months,
        annual_rate=rate,
        fee_rate=fee,
        annual_cost=costing.annual_costs(rate, fee, months),
        grade_needed=_whole(GRADES.index(row.grade_at_least or GRADES[-1]) for row in rows),
        age_min=_whole(max(ADULT_YEARS, rule.get("age_min", ADULT_YEARS)) for rule in rules),
        age_max=_whole(rule.get("age_max", AGE_MAX) for rule in rules),
        income_at_least=_whole(int(Decimal(rule.get("income_at_least", "0")) * 100) for rule in rules),
        regions=_objects([_choice(rule.get("regions")) for rule in rules]),
        occupations=_objects([_choice(rule.get("occupations")) for rule in rules]),
        is_instant=np.array([row.decision == DecisionMode.INSTANT for row in rows], bool),
        is_sponsored=np.array([row.sponsored for row in rows], bool),
    )


def patched(old: Columns, gone: Sequence[Product], new: Columns) -> Columns:
    """`old` without the rows of `gone`, and with those of `new`."""
    kept = ~np.isin(old.ids, np.array([product.id.bytes for product in gone], "S16"))
    joined: dict[str, Any] = {
        each.name: np.concatenate([getattr(old, each.name)[kept], getattr(new, each.name)]) for each in fields(Columns)
    }
    order = np.argsort(joined["ids"], kind="stable")
    return Columns(**{name: column[order] for name, column in joined.items()})


def _choice(allowed: Sequence[str] | None) -> frozenset[str] | None:
    return frozenset(allowed) if allowed else None


def _whole(values: Iterable[int]) -> Whole:
    return np.fromiter(values, np.int64)


def _floats(values: Iterable[float]) -> Floats:
    return np.fromiter(values, np.float64)


def _objects(values: Sequence[object]) -> Objects:
    column = np.empty(len(values), object)
    column[:] = values
    return column
