"""The legal cap of today on what lending costs a year; `domain.money.cap` compares with it."""

from decimal import Decimal

from infra.settings import settings

COST_CAP = Decimal("0.24")  # the most that lending may cost a year, all told (notice 2025/9)


def cost_cap() -> Decimal:
    """The most that lending may cost a year here: the law's cap, or the lower one of this house."""
    return min(COST_CAP, settings().cost_cap)
