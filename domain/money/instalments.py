"""The instalments of an offer, before anybody knows the days: what is owed when, to the cent, and what it costs a year."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

from domain.money.conventions import LONGAN, Rounding
from domain.money.levels import level_payment
from domain.money.rates import monthly_return
from domain.money.rounding import quotient


@dataclass(frozen=True)
class Instalment:
    number: int
    due: int  # minor units
    principal: int
    interest: int


def to_minor(value: Decimal, rounding: Rounding = LONGAN.rounding) -> int:
    return quotient(*value.as_integer_ratio(), rounding)


@lru_cache(maxsize=2048)
def plan(
    amount: int, annual_rate: Decimal, months: int, rounding: Rounding = LONGAN.rounding
) -> tuple[Instalment, ...]:
    """The annuity of `amount` (minor units) over `months`; interest is a twelfth of the year's, and the last absorbs the cents.

    The same rows as `lives.plan` gives by Longan's convention, which counts a month as a twelfth.
    """
    monthly = Fraction(annual_rate) / 12
    payment = quotient(*level_payment(amount * (1 + monthly), [monthly] * (months - 1)), rounding)
    left, instalments = amount, []
    for number in range(1, months + 1):
        interest = quotient(left * monthly.numerator, monthly.denominator, rounding)
        principal = left if number == months else min(left, max(0, payment - interest))
        instalments.append(Instalment(number, principal + interest, principal, interest))
        left -= principal
    return tuple(instalments)


def rounding_of(instalments: Sequence[Instalment], annual_rate: Decimal) -> Rounding:
    """The rounding by which an offer's instalments were planned. Raises ValueError where they are none of this house."""
    amount = sum(each.principal for each in instalments)
    for rounding in (LONGAN.rounding, Rounding.DOWN):
        if plan(amount, annual_rate, len(instalments), rounding) == tuple(instalments):
            return rounding
    raise ValueError("instalments that nobody plans")


def is_even(instalments: Sequence[Instalment]) -> bool:
    """Whether each repays something, and the last, which absorbs the cents, is at most twice the first."""
    return min(each.principal for each in instalments) > 0 and instalments[-1].due <= 2 * instalments[0].due


def annual_cost(received: int, payments: Sequence[int]) -> Decimal:
    """The all-in yearly cost: twelve times the monthly internal rate of return, as a fraction with four decimals.

    `received` is what the person has in hand at the start, after fees: the simple annual rate that Chinese rules ask for.
    """
    return yearly_return(received, payments).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def yearly_return(received: int, payments: Sequence[int]) -> Decimal:
    """The yearly return of a plan without rounding, as near as a float comes."""
    return Decimal(monthly_return(received, tuple(payments)) * 12)
