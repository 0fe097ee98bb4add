"""What people pay more than they need to, by group: exactly, and of no group that is too small."""

from dataclasses import replace
from decimal import Decimal
from math import isclose, sqrt
from uuid import UUID

import numpy as np
import pytest

from domain.market.applicants import Applicant
from domain.market.kinds import ProductKind
from domain.market.products import Product
from domain.matching import candidates as choosing
from domain.matching import shelf
from domain.matching.matcher import Candidates, Ranking
from domain.matching.sweeps import group_costs
from domain.matching.sweeps.group_costs import GroupLine, Spending
from domain.matching.sweeps.sweeps import Sweep, SweepRange
from domain.runs import runs
from infra.database import Db
from tests.domain.matching import goods

UNKNOWN = Applicant(None, None, None, None, None)
RATES = ("0.20", "0.10", "0.08", "0.06", "0.04", "0.02")


def loans(*rates: str) -> list[Product]:
    return [goods.product(number + 1, annual_rate=Decimal(rate)) for number, rate in enumerate(rates)]


def in_this_order(products: list[Product]) -> tuple[Candidates, Ranking]:
    candidates = choosing.allowed(shelf.shelf_of(products), UNKNOWN)
    nothing = np.zeros(len(products))
    return candidates, Ranking(np.arange(len(products)), nothing, nothing, nothing)


def test_the_first_five_are_set_against_the_cheapest_of_all() -> None:
    spent = group_costs.spending(*in_this_order(loans(*RATES)))
    assert spent is not None and spent.shown == 5
    assert isclose(spent.annual_cost, 0.096, abs_tol=1e-5)  # without a fee, it costs its rate
    assert isclose(spent.overpaid, 0.076, abs_tol=1e-5)


def test_only_what_would_do_as_well_is_an_equivalent() -> None:
    """The same kind, for the same amount in the same currency; a rental lends nothing, so it costs nothing here and saves nobody."""
    dear, *others = loans("0.20", "0.02", "0.02", "0.02", "0.02")
    others[0].kind = ProductKind.ELECTRONICS
    others[1].amount_min = 1_500_000
    others[2].kind, others[2].annual_rate = ProductKind.RENTAL, None
    others[3].currency = "JPY"
    candidates, ranking = in_this_order([dear, *others])
    first = replace(ranking, order=np.array([0]))
    spent = group_costs.spending(candidates, first)
    assert spent is not None
    assert (spent.shown, round(spent.annual_cost, 5), spent.overpaid) == (1, 0.2, 0.0)


def test_where_nothing_is_lent_nothing_is_overpaid() -> None:
    assert group_costs.spending(*in_this_order([])) is None
    rentals = [goods.product(1, kind=ProductKind.RENTAL, annual_rate=None)]
    assert group_costs.spending(*in_this_order(rentals)) is None


@pytest.fixture
async def sweep_id(db: Db) -> UUID:
    run = Sweep()
    await runs.lay_out(db, run, SweepRange, 1)
    return run.id


def of_age(age: int, people: int, overpaid: float) -> list[tuple[Applicant, Spending]]:
    return [(replace(UNKNOWN, age=age), Spending(5, 0.10, overpaid))] * people


async def by_age(db: Db, sweep_id: UUID) -> list[GroupLine]:
    return [line for line in await group_costs.lines(db, sweep_id) if line.column == "age"]


async def test_batches_and_ranges_add_up(db: Db, sweep_id: UUID) -> None:
    await group_costs.add(db, sweep_id, 0, [*of_age(22, 12, 0.00), *of_age(30, 30, 0.01)])
    await group_costs.add(db, sweep_id, 0, of_age(22, 12, 0.02))
    await group_costs.add(db, sweep_id, 1, of_age(30, 30, 0.01))
    young, grown = await by_age(db, sweep_id)
    reach = 1.96 * 0.01 / sqrt(24)
    assert (young.group, young.people, grown.group, grown.people) == ("-24", 24, "25-34", 60)
    assert isclose(young.overpaid, 0.01) and isclose(young.annual_cost, 0.10) and isclose(grown.overpaid, 0.01)
    assert isclose(young.interval[0], 0.01 - reach) and isclose(young.interval[1], 0.01 + reach)
    assert isclose(grown.interval[0], grown.interval[1])
    assert not young.is_concern and not grown.is_concern
    everybody = [line for line in await group_costs.lines(db, sweep_id) if line.column == "region"]
    assert [(line.group, line.people) for line in everybody] == [("untold", 84)]


async def test_a_group_that_pays_noticeably_more_and_not_by_chance_is_a_concern(db: Db, sweep_id: UUID) -> None:
    await group_costs.add(db, sweep_id, 0, [*of_age(22, 50, 0.03), *of_age(30, 50, 0.0), *of_age(60, 50, 0.0101)])
    assert [(line.group, line.is_concern) for line in await by_age(db, sweep_id)] == [
        ("-24", True),
        ("25-34", False),
        ("55-", False),
    ]


async def test_the_few_are_told_of_together_or_not_at_all(db: Db, sweep_id: UUID) -> None:
    await group_costs.add(db, sweep_id, 0, of_age(22, 19, 0.0))
    assert await group_costs.lines(db, sweep_id) == []
    await group_costs.add(db, sweep_id, 0, [*of_age(30, 3, 0.0), *of_age(60, 40, 0.0)])
    assert [(line.group, line.people) for line in await by_age(db, sweep_id)] == [("55-", 40), ("others", 22)]


async def test_of_nobody_nothing_is_written(db: Db, sweep_id: UUID) -> None:
    await group_costs.add(db, sweep_id, 0, [])
    assert await group_costs.lines(db, sweep_id) == []
