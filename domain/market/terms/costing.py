"""What thousands of products would cost one person, roughly to the cent: for ranking. What is shown is quoted exactly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]
Floats = NDArray[np.float64]

_HALVINGS = 50
_YEARLY_MAX = 120.0


@dataclass(frozen=True)
class Costs:
    """What each row costs, in minor units."""

    monthly: Whole
    total: Whole


def costs(
    amount: Whole, annual_rate: Floats, fee_rate: Floats, months: Whole, is_interest_only: Flags | None = None
) -> Costs:
    """What equal instalments cost, and each month's part of what INTEREST_ONLY ones do; where the rate is NaN nothing is lent, and
    `amount` is what a month costs.
    """
    is_lent = ~np.isnan(annual_rate)
    monthly_rate = np.where(is_lent, annual_rate, 0.0) / 12
    payment = np.where(is_lent, amount * _annuity(monthly_rate, months), amount)
    if is_interest_only is not None:
        payment = np.where(is_interest_only, amount * (monthly_rate + 1 / months), payment)
    fee = np.where(is_lent, amount * fee_rate, 0.0)
    return Costs(_rounded(payment), _rounded(payment * months) + _rounded(fee))


def annual_costs(annual_rate: Floats, fee_rate: Floats, months: Whole) -> Floats:
    """The all-in yearly cost: twelve times the monthly internal rate of return; 0 where nothing is lent.

    Fees are a share of the amount, so the amount cancels out.
    """
    is_lent = ~np.isnan(annual_rate)
    payment = _annuity(np.where(is_lent, annual_rate, 0.0) / 12, months)
    received = 1 - fee_rate
    low, high = np.zeros(len(months)), np.full(len(months), _YEARLY_MAX / 12)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_dearer = payment > received * _annuity(middle, months)
        low, high = np.where(is_dearer, middle, low), np.where(is_dearer, high, middle)
    return np.where(is_lent, np.round(12 * (low + high) / 2, 6), 0.0)


def dearness(annual_rate: Floats, fee_rate: Floats, months: int) -> Floats:
    """What orders products over one term as their all-in yearly cost does, without solving for it."""
    payment = _annuity(np.nan_to_num(annual_rate) / 12, np.full(len(annual_rate), months))
    return np.where(np.isnan(annual_rate), 0.0, payment / (1 - fee_rate))


def _annuity(monthly_rate: Floats, months: Whole) -> Floats:
    """The monthly payment for one unit."""
    with np.errstate(divide="ignore", invalid="ignore"):
        lent = monthly_rate / -np.expm1(-months * np.log1p(monthly_rate))
    return np.where(monthly_rate > 0, lent, 1 / months)


def _rounded(values: Floats) -> Whole:
    # Exact halves are rounded up, also where binary fractions fall just short of them.
    return np.floor(values + 0.5 + 1e-6).astype(np.int64)
