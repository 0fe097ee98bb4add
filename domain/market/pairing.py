"""Pairing: people and products side by side. One person and all products, all people and one product, or one and one."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from domain.credit import policy
from domain.market.applicants import PeopleColumns
from domain.market.arrays import UNKNOWN, Flags, Whole
from domain.market.columns import ProductColumns
from domain.market.terms import costing
from domain.market.terms.costing import Costs

BOUNDLESS = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Pairing:
    """What is asked of both is a table: a row a person, a column a product."""

    who: PeopleColumns
    what: ProductColumns

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.who), len(self.what)

    @cached_property
    def is_income_known(self) -> Flags:
        """Whether the income is known in the product's currency: amounts of two currencies are not compared."""
        return np.asarray((self.who.income != UNKNOWN) & (self.who.currency == self.what.currency))

    @cached_property
    def amount(self) -> Whole:
        """What `quoting.illustrate` would show."""
        what = self.what
        wanted = np.where(self.is_income_known, self.who.income, (what.amount_min + what.amount_max) // 2)
        return np.asarray(np.clip(wanted // what.step * what.step, what.amount_min, what.amount_max))

    @cached_property
    def costs(self) -> Costs:
        what = self.what
        return costing.costs(self.amount, what.annual_rate, what.fee_rate, what.months, what.is_interest_only)

    @cached_property
    def affordable(self) -> Whole:
        """The most that one more instalment may take each month; without end where no income is known."""
        return np.where(self.is_income_known, policy.burden_max(self.who.income) - self.who.burden, BOUNDLESS)
