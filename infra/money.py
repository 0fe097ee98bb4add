"""Money: integer minor units and an ISO 4217 currency."""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal, Inexact, InvalidOperation, Overflow
from functools import cache
from typing import Self

from babel.core import UnknownLocaleError
from babel.numbers import UnknownCurrencyError, get_currency_precision, validate_currency

EXACT = Context(traps=[Inexact, InvalidOperation, Overflow])
MINOR_MAX = 2**53  # what a column and every client's numbers can hold


@cache
def decimals(currency: str) -> int:
    """How many decimals a currency has, by CLDR. Raises ValueError where there is no such currency."""
    try:
        validate_currency(currency)
    except (UnknownCurrencyError, UnknownLocaleError) as error:
        raise ValueError(f"{currency} is no currency") from error
    return get_currency_precision(currency)


def unit(currency: str) -> int:
    """How many minor units are one: 100 fen in a yuan, 1 in a yen, 1,000 fils in a dinar."""
    return int(10 ** decimals(currency))


@dataclass(frozen=True, order=True)
class Money:
    minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Self:
        """Exactly this amount. Raises ValueError where it has more decimals than the currency, or is no number, or none of this world."""
        try:
            # Exactly: where the usual 28 digits do not hold it, it is refused and never rounded.
            scaled = Decimal(amount).scaleb(decimals(currency), EXACT)
        except ArithmeticError as error:  # no number, or one that overflows
            raise ValueError("not a number") from error
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            raise ValueError(f"{currency} has {decimals(currency)} decimals")
        if abs(scaled) > MINOR_MAX:
            raise ValueError("more than can be written down")
        return cls(int(scaled), currency)

    @classmethod
    def floor(cls, amount: Decimal, currency: str) -> Self:
        """What of this amount can be written in its currency; the rest falls away."""
        return cls(int(amount.scaleb(decimals(currency)).to_integral_value(ROUND_FLOOR)), currency)

    @property
    def amount(self) -> Decimal:
        return Decimal(self.minor).scaleb(-decimals(self.currency))

    def __str__(self) -> str:
        return f"{self.amount:.{decimals(self.currency)}f}"
