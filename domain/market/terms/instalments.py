"""Exact equal instalments: what is owed when, to the cent, and what it costs a year, all told."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache


@dataclass(frozen=True)
class Instalment:
    number: int
    due: int  # minor units
    principal: int
    interest: int


def to_minor(value: Decimal, rounding: str = ROUND_HALF_UP) -> int:
    return int(value.quantize(Decimal(1), rounding=rounding))


@lru_cache(maxsize=2048)
def plan(amount: int, annual_rate: Decimal, months: int, rounding: str = ROUND_HALF_UP) -> tuple[Instalment, ...]:
    """The annuity of `amount` (minor units) over `months`; interest is a twelfth of the year's, and the last absorbs the cents."""
    monthly = annual_rate / 12
    payment = to_minor(_payment(amount, monthly, months), rounding)
    left, instalments = amount, []
    for number in range(1, months + 1):
        interest = to_minor(left * monthly, rounding)
        principal = left if number == months else min(left, payment - interest)
        instalments.append(Instalment(number, principal + interest, principal, interest))
        left -= principal
    return tuple(instalments)


def _payment(amount: int, monthly: Decimal, months: int) -> Decimal:
    if monthly == 0:
        return Decimal(amount) / months
    with localcontext(prec=40):
        return amount * monthly / (1 - (1 + monthly) ** -months)


def is_even(instalments: Sequence[Instalment]) -> bool:
    """Whether each repays something, and the last, which absorbs the cents, is at most twice the first."""
    return min(each.principal for each in instalments) > 0 and instalments[-1].due <= 2 * instalments[0].due


@lru_cache(maxsize=8192)
def _monthly_return(received: int, payments: tuple[int, ...]) -> float:
    low, high = 0.0, 10.0
    for _ in range(80):
        rate = (low + high) / 2
        owed = sum(payment / (1 + rate) ** month for month, payment in enumerate(payments, 1))
        low, high = (rate, high) if owed > received else (low, rate)
    return (low + high) / 2


def annual_cost(received: int, payments: Sequence[int]) -> Decimal:
    """The all-in yearly cost: twelve times the monthly internal rate of return, as a fraction with four decimals.

    `received` is what the person has in hand at the start, after fees: the simple annual rate that Chinese rules ask for.
    """
    return yearly_return(received, payments).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def yearly_return(received: int, payments: Sequence[int]) -> Decimal:
    """The yearly return of a plan without rounding, as near as a float comes."""
    return Decimal(_monthly_return(received, tuple(payments)) * 12) if sum(payments) > received else Decimal(0)
