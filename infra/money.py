"""Money: integer minor units and an ISO 4217 currency."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Self

from babel.core import UnknownLocaleError
from babel.numbers import UnknownCurrencyError, get_currency_precision, validate_currency

MINOR_MAX = 2**53  # what a column and every client's numbers can hold


@cache
def decimals(currency: str) -> int:
    """How many decimals a currency has, by CLDR. Raises ValueError where there is no such currency."""
    try:
        validate_currency(currency)
    except (UnknownCurrencyError, UnknownLocaleError) as error:
        raise ValueError(f"{currency} is no currency") from error
    return get_currency_precision(currency)


@dataclass(frozen=True, order=True)
class Money:
    minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Self:
        """Exactly this amount. Raises ValueError where it has more decimals than the currency, or is no number, or none of this world."""
        try:
            scaled = Decimal(amount).scaleb(decimals(currency))
        except ArithmeticError as error:  # no number, or one that overflows
            raise ValueError("not a number") from error
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            raise ValueError(f"{currency} has {decimals(currency)} decimals")
        if abs(scaled) > MINOR_MAX:
            raise ValueError("more than can be written down")
        return cls(int(scaled), currency)

    @property
    def amount(self) -> Decimal:
        return Decimal(self.minor).scaleb(-decimals(self.currency))

    def __str__(self) -> str:
        return f"{self.amount:.{decimals(self.currency)}f}"
