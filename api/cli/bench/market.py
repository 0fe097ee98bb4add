"""An invented market of any size: products of all kinds, amounts, terms and rules, of one partner."""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.credit.grades import Grade
from domain.market.kinds import ProductKind
from domain.market.products import DecisionMode, Product, ProductStatus
from domain.people.partners import Partner
from infra.copying import copy_in
from infra.database import Db
from infra.ids import new_id

REGIONS = ("CN-SH", "CN-BJ", "CN-GD", "CN-ZJ", "CN-SC", "CN-HB")


async def fill(db: Db, count: int, *, seed: int = 1) -> None:
    """Write so many products; every second one has some rule or asks for a grade, as in the catalogue."""
    partner = Partner(id=new_id(), code=f"bench-{new_id()}", name="Bench", purpose="LENDING")
    db.add(partner)
    await db.flush()
    await copy_in(db, Product, list(_drawn(partner.id, count, random.Random(seed))))  # noqa: S311


def _drawn(partner_id: UUID, count: int, draw: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(count):
        kind = draw.choice(list(ProductKind))
        low = round(100 * kind.terms.usual_amount * draw.lognormvariate(-0.8, 0.6), -4) or 10_000
        is_lent = kind.terms.lends
        yield {
            "id": new_id(),
            "partner_id": partner_id,
            "sku": f"bench-{number}",
            "kind": kind,
            "title": f"{kind.title()} {number}",
            "amount_min": int(low),
            "amount_max": int(low * draw.randrange(1, 12) if is_lent else low),
            "currency": "CNY",
            "term_months": sorted(draw.sample([3, 6, 12, 18, 24, 36], draw.randrange(1, 5))) if is_lent else [12],
            "annual_rate": Decimal(draw.randrange(4_000, 21_600)) / 100_000 if is_lent else None,
            "fee_rate": Decimal(0),
            "deposit": 0,
            "grade_at_least": draw.choice([None, None, *Grade]),
            "decision": draw.choice(list(DecisionMode)),
            "rules": _rules(draw),
            "sponsored": draw.random() < 0.05,
            "status": ProductStatus.PUBLISHED,
            "version": 1,
        }


def _rules(draw: random.Random) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    if draw.random() < 0.2:
        rules["age_max"] = draw.choice([26, 30, 35])
    if draw.random() < 0.2:
        rules["regions"] = draw.sample(REGIONS, 3)
    if draw.random() < 0.2:
        rules["income_at_least"] = draw.choice(["3000.00", "5000.00", "8000.00"])
    return rules
