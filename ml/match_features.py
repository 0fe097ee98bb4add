"""What the matcher reads of a person and a product: one row a pair, numbers only."""

from collections.abc import Mapping, Sequence
from math import nan

import numpy as np
from numpy.typing import NDArray

from domain.credit.grades import Grade
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet
from domain.market.matching import Candidate
from ml.features import FEATURES, Matrix, matrix, vector

KINDS = ("LOAN", "RENTAL", "ELECTRONICS", "AESTHETICS")
GRADES = tuple(Grade)
MINOR = 100  # yuan are facts, cents are prices

# The partner, and who pays us for showing it, are no inputs: neither may sway what is best for a person.
PERSON = ("income.monthly_inflow", "income.buffer_days", "income.stability", "credit.burden", "shopping.monthly_spend")
PRODUCT = ("amount_min", "amount_max", "months_min", "months_max", "annual_rate", "monthly_cost", *KINDS)
PAIR = ("cost_to_income", "amount_to_income", "grades_to_spare")
COLUMNS = ("points", *PERSON, *PRODUCT, *PAIR)

Batch = NDArray[np.float64]


def product_row(candidate: Candidate) -> tuple[float, ...]:
    return (
        candidate.amount_min / MINOR,
        candidate.amount_max / MINOR,
        min(candidate.terms, default=1),
        max(candidate.terms, default=1),
        nan if candidate.annual_rate is None else candidate.annual_rate,
        candidate.monthly_cost / MINOR,
        *(float(candidate.kind == kind) for kind in KINDS),
    )


def needed_rank(grade_at_least: str | None) -> int:
    """How far down the grades a product goes; the last where it asks for none."""
    return len(GRADES) - 1 if grade_at_least is None else GRADES.index(Grade(grade_at_least))


def rows(sheet: FactSheet, scored: Scored | None, candidates: Sequence[Candidate]) -> Batch:
    person = [nan if value is None else value for value in vector(sheet, PERSON)]
    points = nan if scored is None else float(scored.points)
    rank = nan if scored is None else float(GRADES.index(scored.grade))
    products = np.array([product_row(candidate) for candidate in candidates], float)
    needed = np.array([needed_rank(candidate.grade_at_least) for candidate in candidates], float)
    people = np.tile(np.array([points, *person], float), (len(candidates), 1))
    return joined(people, products, needed - rank)


def people_rows(points: Matrix, facts: Mapping[str, Matrix]) -> Batch:
    return np.column_stack([points, matrix(facts, PERSON)])


def joined(people: Batch, products: Batch, grades_to_spare: Batch) -> Batch:
    """People and products side by side, with what holds between them."""
    income = people[:, 1 + PERSON.index("income.monthly_inflow")]
    cost, amount = products[:, PRODUCT.index("monthly_cost")], products[:, PRODUCT.index("amount_min")]
    with np.errstate(divide="ignore", invalid="ignore"):
        to_income = [np.where(income > 0, part / income, nan) for part in (cost, amount)]
    return np.column_stack([people, products, *to_income, grades_to_spare])


assert all(name in FEATURES for name in PERSON)
