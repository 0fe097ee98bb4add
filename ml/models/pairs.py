"""What the matcher reads of a person and products: one row a pair, numbers only, NaN where nothing is known."""

import numpy as np

from domain.credit.grades import Grade
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet
from domain.market.arrays import Floats
from domain.market.columns import GRADES, KINDS, ProductColumns
from domain.matching.matcher import Candidates
from ml.models.features import FEATURES, vector

# The partner, who pays for being shown, and what somebody is by birth or place are no inputs: none may sway a rank.
PERSON = (
    "points",
    "income.monthly_inflow",
    "income.buffer_days",
    "income.stability",
    "credit.burden",
    "shopping.monthly_spend",
)
# A rental lends nothing: its amount is its price, so it has a monthly cost and no amount.
KIND_COLUMNS = tuple(kind.value for kind in KINDS)
PRODUCT = ("amount_min", "amount_max", "months_min", "months_max", "annual_cost", *KIND_COLUMNS)
PAIR = ("monthly_cost", "cost_to_income", "amount_to_income", "grades_to_spare")
# Where on the page it stood. At serving all stand first: what a position does to people is no property of a product.
POSITION = "position"
COLUMNS = (*PERSON, *PRODUCT, *PAIR, POSITION)
INPUTS = COLUMNS[:-1]

POINTS, INCOME = COLUMNS.index("points"), COLUMNS.index("income.monthly_inflow")
AMOUNT_MIN, ANNUAL_COST = COLUMNS.index("amount_min"), COLUMNS.index("annual_cost")
MONTHLY_COST, COST_TO_INCOME, AMOUNT_TO_INCOME, GRADES_TO_SPARE = (COLUMNS.index(name) for name in PAIR)
_PERSON = slice(0, len(PERSON))
_PRODUCT = slice(len(PERSON), len(PERSON) + len(PRODUCT))

assert all(name in FEATURES for name in PERSON[1:])


def of_candidates(sheet: FactSheet, scored: Scored | None, candidates: Candidates) -> Floats:
    """The rows of one person, in the order of the candidates."""
    block = _blocks.block_for(candidates.shelf.columns)
    products = np.take(block, candidates.rows, axis=1)
    # Facts are told in whole units of a currency, prices in minor ones.
    monthly_cost = candidates.monthly_cost / candidates.shelf.columns.unit[candidates.rows]
    rank = np.nan if scored is None else float(GRADES.index(Grade(scored.grade)))
    return joined(of_person(sheet, scored), products[:-1], monthly_cost, products[-1] - rank)


def of_person(sheet: FactSheet, scored: Scored | None) -> Floats:
    """A column of PERSON."""
    facts = [np.nan if value is None else value for value in vector(sheet, PERSON[1:])]
    return np.array([np.nan if scored is None else scored.points, *facts], float)[:, None]


def joined(
    people: Floats, products: Floats, monthly_cost: Floats, grades_to_spare: Floats, position: Floats | float = 0.0
) -> Floats:
    """People (PERSON, 1 or n) and products (PRODUCT, n) side by side, with what holds between them: rows of COLUMNS.

    Column by column in memory, which CatBoost reads twice as fast as row by row.
    """
    table = np.empty((len(COLUMNS), products.shape[1]))
    table[_PERSON], table[_PRODUCT] = people, products
    income = np.where(people[INCOME] > 0, people[INCOME], np.nan)
    table[MONTHLY_COST] = monthly_cost
    table[COST_TO_INCOME] = monthly_cost / income
    table[AMOUNT_TO_INCOME] = table[AMOUNT_MIN] / income
    table[GRADES_TO_SPARE] = grades_to_spare
    table[-1] = position
    return table.T


def of_products(columns: ProductColumns) -> Floats:
    """The part that is alike for everybody: PRODUCT, and the grade that is asked for, a row each."""
    is_lent = ~np.isnan(columns.annual_rate)
    return np.stack(
        [
            np.where(is_lent, columns.amount_min / columns.unit, np.nan),
            np.where(is_lent, columns.amount_max / columns.unit, np.nan),
            columns.months_min,
            columns.months_max,
            np.where(is_lent, columns.annual_cost, np.nan),
            *(columns.kind == kind for kind in range(len(KINDS))),
            columns.grade_needed,
        ]
    ).astype(float)


class _Blocks:
    """The blocks of the latest shelves: while one is replaced, both are read."""

    KEPT = 2

    def __init__(self) -> None:
        self._kept: tuple[tuple[ProductColumns, Floats], ...] = ()

    def block_for(self, columns: ProductColumns) -> Floats:
        for known, block in self._kept:
            if known is columns:
                return block
        block = of_products(columns)
        self._kept = (*self._kept, (columns, block))[-self.KEPT :]
        return block


_blocks = _Blocks()
