"""Ordering by cost alone: for who wants no personal ranking, and where no matcher has been trained yet."""

import numpy as np

from domain.matching.matcher import Candidates, Ranking

MONTHLY_MAX = 2.0**35  # in minor units; nobody pays so much a month
PRECISE = 1e6  # yearly costs have six decimals


def cheapest_first(candidates: Candidates) -> Ranking:
    """Order candidates by what they cost a year, all told, then by what a month costs. Nothing is guessed of anybody."""
    annual_cost = candidates.shelf.columns.annual_cost[candidates.rows]
    # The value depends on the product alone, so cursors survive changes of the list.
    value = -(np.rint(annual_cost * PRECISE) * MONTHLY_MAX + candidates.monthly_cost)
    order = np.argsort(-value, kind="stable")
    unknown = np.full(len(candidates), np.nan)
    return Ranking(order, value, unknown, unknown)
