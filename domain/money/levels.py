"""The level payment of equal instalments, exactly."""

from collections.abc import Sequence
from fractions import Fraction

Ratio = tuple[int, int]  # a fraction that nobody reduced: of numbers so large that takes longest


def level_payment(first: Fraction, rates: Sequence[Fraction], pays: Sequence[bool] | None = None) -> Ratio:
    """What, paid at the end of each period, settles a debt that has grown to `first` by the end of the first one.

    `rates` are the interest of the later periods; `pays` tells for all of them, with the first, whether anything is paid
    then: at least once. The debt grows by all of them, and each payment by those that follow it.
    """
    if pays is None:
        pays = [True] * (len(rates) + 1)
    grown, payments, scale = first.numerator, int(pays[0]), 1
    # In whole numbers over one scale: fractions that are reduced at each step are ten times slower.
    for rate, is_paid in zip(rates, pays[1:], strict=True):
        factor = rate.numerator + rate.denominator
        grown *= factor
        scale *= rate.denominator
        payments = payments * factor + is_paid * scale
    return grown, payments * first.denominator
