"""What showing a product to a person is worth: an expected value by weights that are written down, versioned and shown."""

from dataclasses import dataclass

import numpy as np

from domain.market.arrays import Floats, Indices
from domain.matching.matcher import RankingWeight
from infra.words import N_
from ml.models.pairs import ANNUAL_COST, COST_TO_INCOME, MONTHLY_COST

STRAIN_FROM = 1 / 3  # of the income
ANNUAL_COST_MAX = 0.4  # above all that the law allows; the value stays positive, so better chances never lower it
MONTHLY_USUAL = 1_000  # yuan: a monthly cost of so much takes half of what `monthly` can take


@dataclass(frozen=True)
class Weights:
    """How chances and costs make one value. All that costs more is worth less, however little more it costs."""

    version: str = "2026-11-2"
    answered_well: float = 1.0
    dear: float = 1.0
    strained: float = 0.5
    monthly: float = 0.02

    def written(self) -> tuple[RankingWeight, ...]:
        return (
            RankingWeight("answered_well", self.answered_well, ANSWERED_WELL),
            RankingWeight("dear", -self.dear, DEAR),
            RankingWeight("strained", -self.strained, STRAINED),
            RankingWeight("monthly", -self.monthly, MONTHLY),
            RankingWeight("sponsored", 0.0, SPONSORED),
        )


ANSWERED_WELL = N_("The chance that you want it, times the chance that you get it.")
DEAR = N_("What it costs a year, all told, as a share of the amount: so much of the value is lost.")
STRAINED = N_("The share of your income that it takes each month beyond a third: so much of the value is lost.")
MONTHLY = N_("What it costs a month: of two that are alike, the cheaper comes first.")
SPONSORED = N_("What a partner pays for being shown moves nothing.")

WEIGHTS = Weights()


def value_of(weights: Weights, rows: Floats, odds: Floats | None, wish: Floats) -> Floats:
    """What each product is worth. Without a score there are no odds: then what people want and what it costs decide."""
    value = share_left(weights, rows)
    value *= wish
    value *= weights.answered_well
    if odds is not None:
        value *= odds
    return value


def share_left(weights: Weights, rows: Floats) -> Floats:
    """The share of the value that costs leave: above 0, and less for whatever costs more."""
    dear, strained, monthly = losses(weights, rows).values()
    dear += strained
    dear += monthly
    return np.subtract(1.0, dear, out=dear)


def losses(weights: Weights, rows: Floats) -> dict[int, Floats]:
    """What each column of costs takes from the value. What is not known takes nothing."""
    dear = np.fmax(rows[:, ANNUAL_COST], 0.0)  # fmax: NaN is 0
    np.minimum(dear, ANNUAL_COST_MAX, out=dear)
    dear *= weights.dear
    strained = np.fmax(rows[:, COST_TO_INCOME], STRAIN_FROM)
    strained -= STRAIN_FROM
    np.minimum(strained, 1.0, out=strained)
    strained *= weights.strained
    monthly = rows[:, MONTHLY_COST] + MONTHLY_USUAL
    np.divide(rows[:, MONTHLY_COST], monthly, out=monthly)
    monthly *= weights.monthly
    return {ANNUAL_COST: dear, COST_TO_INCOME: strained, MONTHLY_COST: monthly}


def best_first(value: Floats) -> Indices:
    """Equal values stay in the order in which they come."""
    # One quick sort of whole numbers, which order floats above 0 as well: the value above, the place in its last bits.
    last = (1 << len(value).bit_length()) - 1
    keys = value.view(np.int64) | last
    keys -= np.arange(len(value))
    keys.sort()
    order = last - (keys[::-1] & last)
    in_order = value[order]
    if not np.count_nonzero(in_order[1:] > in_order[:-1]):
        return order
    # Two lie closer together than their keys tell.
    return np.argsort(-value, kind="stable")
