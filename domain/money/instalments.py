"""The instalments of an offer, before anybody knows the days: what is owed when, to the cent, and what it costs a year."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

from domain.money.conventions import LONGAN, Rounding
from domain.money.levels import level_payment
from domain.money.loans import Amortisation
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
    amount: int,
    annual_rate: Decimal,
    months: int,
    rounding: Rounding = LONGAN.rounding,
    amortisation: Amortisation = Amortisation.EQUAL,
) -> tuple[Instalment, ...]:
    """What is due each month for `amount` (minor units) over `months`: the annuity, whose last absorbs the cents; or, INTEREST_ONLY,
    interest each month and all of the amount with the last. Interest of a month is a twelfth of the year's.

    The same rows as `lives.plan` gives by Longan's convention.
    """
    monthly = Fraction(annual_rate) / 12
    if amortisation is Amortisation.INTEREST_ONLY:
        interest = quotient(amount * monthly.numerator, monthly.denominator, rounding)
        open_ones = tuple(Instalment(number, interest, 0, interest) for number in range(1, months))
        return (*open_ones, Instalment(months, amount + interest, amount, interest))
    payment = quotient(*level_payment(amount * (1 + monthly), [monthly] * (months - 1)), rounding)
    left, instalments = amount, []
    for number in range(1, months + 1):
        interest = quotient(left * monthly.numerator, monthly.denominator, rounding)
        principal = left if number == months else min(left, max(0, payment - interest))
        instalments.append(Instalment(number, principal + interest, principal, interest))
        left -= principal
    return tuple(instalments)


def rounding_of(
    instalments: Sequence[Instalment], annual_rate: Decimal, amortisation: Amortisation = Amortisation.EQUAL
) -> Rounding:
    """The rounding by which an offer's instalments were planned. Raises ValueError where they are none of this house."""
    amount = sum(each.principal for each in instalments)
    for rounding in (LONGAN.rounding, Rounding.DOWN):
        if plan(amount, annual_rate, len(instalments), rounding, amortisation) == tuple(instalments):
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
