"""Ordering by cost alone: for who wants no personal ranking, and where no matcher has been trained yet."""

import numpy as np

from domain.matching.matcher import Candidates, Ranking


def cheapest_first(candidates: Candidates) -> Ranking:
    """By what it costs a year, all told, then by what a month costs. Nothing is guessed of anybody."""
    annual_cost = candidates.shelf.columns.annual_cost[candidates.rows]
    order = np.lexsort((candidates.rows, candidates.monthly_cost, annual_cost))
    value = np.empty(len(candidates))
    value[order] = -np.arange(len(candidates), dtype=float)
    unknown = np.full(len(candidates), np.nan)
    return Ranking(order, value, unknown, unknown)
