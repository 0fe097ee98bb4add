"""Rounding of exact fractions: to whole minor units, or to a multiple of them."""

from fractions import Fraction

from domain.money.conventions import Rounding


def nearest(value: Fraction, rounding: Rounding, multiple: int = 1) -> int:
    """The multiple nearest to `value`; only an exact half asks how to round."""
    return multiple * quotient(value.numerator, value.denominator * multiple, rounding)


def quotient(numerator: int, denominator: int, rounding: Rounding) -> int:
    """What `numerator / denominator` is in whole units; the denominator is above 0."""
    size, rest = divmod(abs(numerator), denominator)
    if rest and _is_up(size, 2 * rest - denominator, rounding):
        size += 1
    return -size if numerator < 0 else size


def _is_up(size: int, above_half: int, rounding: Rounding) -> bool:
    if rounding is Rounding.DOWN:
        return False
    if above_half == 0:
        return rounding is Rounding.HALF_UP or size % 2 == 1
    return above_half > 0
