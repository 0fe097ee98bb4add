"""Rates of return: what, as a rate a period, makes all that is paid worth all that was got."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

from domain.money.roots import Term, logarithms

DIGITS, DECIMALS = 100, 45
STEPS_MAX = 200
MONTHLY_MAX = 10.0


@dataclass(frozen=True)
class Discounted:
    """An amount after so many periods, and a part of one that bears simple interest (Regulation Z, Appendix J (b)(8))."""

    amount: Fraction
    periods: Fraction
    odd: Fraction = Fraction(0)


def rate_of_return(flows: Sequence[Discounted]) -> Decimal | None:
    """The rate a period, with so many decimals; None where no rate does it. Of several the one nearest to 0 that is not below
    it, or else the nearest.
    """
    terms = [Term(float(flow.amount), float(flow.periods + flow.odd)) for flow in flows]
    rates = [found for each in logarithms(terms) if (found := _refined(flows, each)) is not None]
    above = [rate for rate in rates if rate >= 0]
    return min(above or rates, key=abs, default=None)


def _refined(flows: Sequence[Discounted], logarithm: float) -> Decimal | None:
    """From as near as floats come, by Newton's method."""
    # What grows beyond any number is no rate, and no mistake either.
    with localcontext(Context(prec=DIGITS, traps=[])):
        rate = Decimal(logarithm).exp() - 1
        for _ in range(STEPS_MAX):
            step = _step(flows, rate)
            if rate + step <= -1:
                step = -(rate + 1) / 2
            rate += step
            if abs(step) <= (1 + abs(rate)).scaleb(-DIGITS + 8):
                found = rate.quantize(Decimal(1).scaleb(-DECIMALS))
                return found if found.is_finite() else None
    return None


def _step(flows: Sequence[Discounted], rate: Decimal) -> Decimal:
    value = slope = Decimal(0)
    for flow in flows:
        periods, odd = _decimal(flow.periods), _decimal(flow.odd)
        worth = _decimal(flow.amount) / ((1 + rate) ** periods * (1 + odd * rate))
        value += worth
        slope -= worth * (periods / (1 + rate) + odd / (1 + odd * rate))
    return -value / slope if slope else Decimal(0)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / value.denominator


@lru_cache(maxsize=8192)
def monthly_return(received: int, payments: tuple[int, ...]) -> float:
    """The return of one sum that is got and what is paid back month by month, as near as a float comes: from nothing to MONTHLY_MAX."""
    if received >= sum(payments):
        return 0.0
    if received <= 0:
        return MONTHLY_MAX
    rate = 0.0
    for _ in range(STEPS_MAX):
        worth, slope, discount = 0.0, 0.0, 1 / (1 + rate)
        for payment in reversed(payments):
            slope = (slope + worth) * discount
            worth = (worth + payment) * discount
        slope = (slope + worth) * discount
        # What payments are worth bends upward, so from below Newton's steps never pass the rate, until a float's last digit.
        step = (worth - received) / slope
        if step <= rate * 1e-16:
            break
        rate += step
    return min(rate, MONTHLY_MAX)
