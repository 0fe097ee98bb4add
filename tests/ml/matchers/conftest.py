"""One small matcher for all tests, a shelf of any size, and people who look at it; all are read only."""

from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from domain.credit.grades import Grade
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet
from domain.market import columns
from domain.market.kinds import ProductKind
from domain.market.products import Product
from domain.market.terms import costing
from domain.matching import shelf as shelves
from domain.matching.matcher import Candidates
from domain.matching.shelf import Shelf

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PARTNER = UUID(int=9)


def product(number: int = 1, **changes: Any) -> Product:
    usual: dict[str, Any] = {
        "id": UUID(int=number),
        "partner_id": PARTNER,
        "sku": f"sku-{number}",
        "kind": ProductKind.LOAN,
        "title": "A product",
        "amount_min": 300_000,
        "amount_max": 2_000_000,
        "currency": "CNY",
        "term_months": [3, 6, 12],
        "annual_rate": Decimal("0.12"),
        "grade_at_least": Grade.C,
    }
    return Product(**{**usual, **changes})


def any_product(number: int, luck: Random) -> Product:
    kind = luck.choice(list(ProductKind))
    is_rental = kind is ProductKind.RENTAL
    low = luck.randrange(20_000, 3_000_000)
    return product(
        number,
        kind=kind,
        amount_min=low,
        amount_max=low if is_rental else low * luck.randint(1, 8),
        annual_rate=None if is_rental else Decimal(luck.randint(0, 220)) / 1000,
        fee_rate=Decimal(luck.choice([0, 0, 1])) / 100,
        term_months=sorted(luck.sample([1, 3, 6, 9, 12, 18, 24, 36], luck.randint(1, 5))),
        grade_at_least=luck.choice([None, *Grade]),
        sponsored=luck.random() < 0.2,
    )


def shelf_of(*products: Product) -> Shelf:
    """Above the cap too: what is dear shall rank low, though no house would offer it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_is_within_cap", lambda _: True)
        return shelves.shelf_of(products)


def candidates_of(shelf: Shelf, rows: list[int] | None = None) -> Candidates:
    """All of the shelf, or some: each for its smallest amount and its usual term."""
    chosen, columns = np.arange(len(shelf)) if rows is None else np.array(rows, np.intp), shelf.columns
    costs = costing.costs(columns.amount_min, columns.annual_rate, columns.fee_rate, columns.months)
    return Candidates(shelf, chosen, columns.amount_min[chosen], costs.monthly[chosen], costs.total[chosen])


def sheet(income: int | None = 8_000, **facts: Any) -> FactSheet:
    values = {} if income is None else {"income.monthly_inflow": Decimal(income)}
    return FactSheet({**values, **facts}, frozenset({"oidc"}), simulated=True, as_of=NOW)


def scored(points: int = 700, grade: Grade = Grade.B) -> Scored:
    return Scored(0.05, points, grade, 680, (), (), {}, "abc", simulated=True)
