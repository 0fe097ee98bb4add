"""Invented products and people for the tests of matching."""

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.credit.grades import Grade
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet, FactValue
from domain.facts.vocabulary import OCCUPATIONS
from domain.market.kinds import ProductKind
from domain.market.products import DecisionMode, Product, ProductStatus

NOW = datetime(2026, 11, 22, tzinfo=UTC)
REGIONS = ("CN-SH", "CN-BJ", "CN-GD", "CN-SC")


def product(number: int = 1, **changes: Any) -> Product:
    usual: dict[str, Any] = {
        "id": UUID(int=number),
        "partner_id": UUID(int=9),
        "sku": f"sku-{number}",
        "kind": ProductKind.LOAN,
        "title": f"Loan {number}",
        "amount_min": 100_000,
        "amount_max": 2_000_000,
        "currency": "CNY",
        "term_months": [3, 6, 12],
        "annual_rate": Decimal("0.12"),
    }
    return Product(**(usual | changes))


def products(count: int, seed: int = 1, **always: Any) -> list[Product]:
    """Of all kinds, with every kind of rule among them."""
    draw = random.Random(seed)
    return [product(number, **(drawn(draw, number) | always)) for number in range(1, count + 1)]


def drawn(draw: random.Random, number: int) -> dict[str, Any]:
    kind = draw.choice(list(ProductKind))
    low = draw.randrange(5, 300) * 10_000
    is_rental = kind == ProductKind.RENTAL
    months = sorted(draw.sample([1, 3, 6, 9, 12, 18, 24, 36], draw.randrange(1, 5)))
    return {
        "id": UUID(int=draw.getrandbits(120) << 8 | number % 256),
        "kind": kind,
        "amount_min": low,
        "amount_max": low if is_rental else low * draw.randrange(1, 12),
        "term_months": months,
        "annual_rate": None if is_rental else Decimal(draw.randrange(0, 20_000)) / 100_000,
        # A fee on a short loan would cost more than the cap, and stand on no shelf.
        "fee_rate": Decimal(0) if is_rental or months[0] < 6 else draw.choice([Decimal(0), Decimal("0.01")]),
        "grade_at_least": draw.choice([None, *Grade]),
        "decision": draw.choice(list(DecisionMode)),
        "sponsored": draw.random() < 0.1,
        "rules": _rules(draw),
        "status": ProductStatus.PUBLISHED,
    }


def _rules(draw: random.Random) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    if draw.random() < 0.3:
        rules["age_max"] = draw.choice([25, 30, 45])
    if draw.random() < 0.2:
        rules["age_min"] = draw.choice([20, 22, 25])
    if draw.random() < 0.3:
        rules["regions"] = draw.sample(REGIONS, 2)
    if draw.random() < 0.3:
        rules["income_at_least"] = draw.choice(["3000.00", "5000.00", "8000.50"])
    if draw.random() < 0.2:
        rules["occupations"] = draw.sample(OCCUPATIONS, 3)
    return rules


def sheets(count: int, seed: int = 2) -> list[FactSheet]:
    """People of whom much, little or nothing is known."""
    draw = random.Random(seed)
    return [sheet(**_told(draw)) for _ in range(count)]


def _told(draw: random.Random) -> dict[str, FactValue]:
    every: dict[str, FactValue] = {
        "profile.birth_date": date(draw.randrange(1985, 2010), draw.randrange(1, 13), 5),
        "profile.region": draw.choice([*REGIONS, "CN-XZ"]),
        "profile.occupation": draw.choice(OCCUPATIONS),
        "income.monthly_inflow": Decimal(draw.randrange(0, 2_000_000)) / 100,
        "income.buffer_days": float(draw.randrange(0, 90)),
        "repayment.delay_months": float(draw.choice([-1, 0, 0, 0, 1])),
    }
    return {name: value for name, value in every.items() if draw.random() < 0.8}


def sheet(**values: FactValue) -> FactSheet:
    return FactSheet(values, frozenset({"oidc"}), simulated=True, as_of=NOW)


def scored(points: int = 700, grade: Grade = Grade.B) -> Scored:
    return Scored(0.05, points, grade, 680, (), (), {}, "abc", simulated=True)
