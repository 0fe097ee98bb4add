"""What one person may be shown of all products, and for which amount."""

from decimal import Decimal

import numpy as np
import pytest

from domain.credit.grades import Grade
from domain.market import quoting
from domain.market.applicants import Applicant, applicant_of
from domain.matching import shelf
from domain.matching.candidates import allowed, illustrated
from tests.domain.matching import goods

SHELF = shelf.shelf_of(goods.products(400))


def test_amounts_and_monthly_costs_are_those_that_are_quoted() -> None:
    sheet = goods.sheet(**{"income.monthly_inflow": Decimal("6543.21")})
    found = allowed(SHELF, applicant_of(sheet, goods.scored(), 0))
    for row, amount, monthly in zip(found.rows, found.amount, found.monthly_cost, strict=True):
        told = quoting.illustrate(SHELF.product(int(row)), Grade.B, 654_321)
        assert (told.amount, told.quote.monthly_payment) == (amount, monthly)


def test_a_total_is_right_to_the_cents_that_the_last_instalment_absorbs() -> None:
    everything = illustrated(SHELF, applicant_of(goods.sheet(), None))
    for row in range(len(SHELF)):
        told = quoting.illustrate(SHELF.product(row), None, None).quote
        assert abs(told.total_cost - everything.total_cost[row]) <= len(told.instalments)
        assert abs(float(told.annual_cost) - SHELF.columns.annual_cost[row]) < 1e-3


def test_who_is_not_known_may_see_everything() -> None:
    assert len(allowed(SHELF, applicant_of(goods.sheet(), None))) == len(SHELF)


class TestBurden:
    """What is offered never pushes the known monthly burden over half of the income."""

    def known(self, income: int, burden: int) -> Applicant:
        return applicant_of(goods.sheet(**{"income.monthly_inflow": Decimal(income)}), goods.scored(), burden)

    @pytest.mark.parametrize(("income", "burden"), [(3_000, 0), (6_000, 100_000), (6_000, 299_000), (20_000, 900_000)])
    def test_nothing_that_is_shown_goes_beyond(self, income: int, burden: int) -> None:
        found = allowed(SHELF, self.known(income, burden))
        assert ((found.monthly_cost + burden) * 2 <= income * 100).all()

    def test_the_last_cent_is_allowed(self) -> None:
        one = shelf.shelf_of(
            [goods.product(amount_min=120_000, amount_max=120_000, annual_rate=Decimal(0), term_months=[12])]
        )
        assert [len(allowed(one, self.known(200, burden))) for burden in (0, 1)] == [1, 0]

    def test_an_income_of_nothing_carries_nothing(self) -> None:
        assert not len(allowed(SHELF, self.known(0, 0)))


def test_rows_stand_in_the_order_of_the_ids() -> None:
    ids = [SHELF.product(row).id for row in range(len(SHELF))]
    assert ids == sorted(ids)
    assert np.array_equal(SHELF.columns.ids, np.array([id.bytes for id in ids], "S16"))
