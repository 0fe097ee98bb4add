"""What a record holds, field by field: each is there and makes sense, or is refused by its name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Self

from infra.errors import Refusal, invalid

DIGITS_MAX = 40


class Unsupported(Exception):
    """A convention that Longan does not use; what it says is why."""


@dataclass(frozen=True)
class Fields:
    """An object of a record, and where in it that stands."""

    values: dict[str, Any]
    path: tuple[str, ...] = ()

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def wrong(self, name: str, message: str, **values: object) -> Refusal:
        return invalid(message, (*self.path, name), **values)

    def value(self, name: str) -> Any:
        if name not in self:
            raise self.wrong(name, "This field is missing.")
        return self.values[name]

    def inner(self, name: str) -> Self:
        return self._object(self.value(name), name)

    def each(self, name: str) -> list[Self]:
        values = self.value(name)
        if not isinstance(values, list):
            raise self.wrong(name, "This is to be a list.")
        return [self._object(value, name, str(place)) for place, value in enumerate(values)]

    def _object(self, value: Any, *names: str) -> Self:
        if not isinstance(value, dict):
            raise invalid("This is to be an object.", (*self.path, *names))
        return type(self)(value, (*self.path, *names))

    def text(self, name: str, usual: str | None = None) -> str:
        if usual is not None and name not in self:
            return usual
        value = self.value(name)
        if not isinstance(value, str):
            raise self.wrong(name, "This is to be a text.")
        return value

    def texts(self, name: str) -> list[str]:
        values = self.value(name)
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.wrong(name, "This is to be a list of texts.")
        return values

    def flag(self, name: str) -> bool:
        value = self.values.get(name, False)
        if not isinstance(value, bool | None):
            raise self.wrong(name, "This is to be true or false.")
        return bool(value)

    def day(self, name: str) -> date:
        try:
            return date.fromisoformat(self.text(name))
        except ValueError as error:
            raise self.wrong(name, "This is to be a day, as 2024-02-29.") from error

    def number(self, name: str, least: Decimal | None = None, most: Decimal | None = None) -> Decimal:
        """A decimal number, as a text or as a number of JSON."""
        value = self.value(name)
        number = _number(value)
        if number is None:
            raise self.wrong(name, "This is to be a decimal number, as 1234.50.")
        if (least is not None and number < least) or (most is not None and number > most):
            raise self.wrong(name, "This is to be from {least} to {most}.", least=least, most=most)
        return number

    def whole(self, name: str, least: int, most: int) -> int:
        number = self.number(name, Decimal(least), Decimal(most))
        if number != int(number):
            raise self.wrong(name, "This is to be a whole number.")
        return int(number)

    def minor(self, name: str, decimals: int, least: int = 1) -> int:
        """An amount in minor units; no more decimals than there are, at least so much."""
        scaled = Fraction(self.number(name)) * 10**decimals
        if scaled.denominator != 1:
            raise self.wrong(name, "This has more than {decimals} decimals.", decimals=decimals)
        if scaled < least:
            raise self.wrong(name, "This amount is too small.")
        return int(scaled)

    def fraction(self, name: str) -> Fraction:
        """A number, or two with a line between them, as 0.1/12."""
        value = self.value(name)
        parts = [_number(part) for part in value.split("/")] if isinstance(value, str) else [_number(value)]
        if None in parts or len(parts) > 2 or parts[1:] == [0]:
            raise self.wrong(name, "This is to be a number or a fraction, as 0.1/12.")
        return _quotient([Fraction(part) for part in parts if part is not None])


def _quotient(parts: Sequence[Fraction]) -> Fraction:
    return parts[0] / parts[1] if len(parts) == 2 else parts[0]


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    # Figures of this world: none that is endless, none that takes hours to raise to a power.
    return (
        number if number.is_finite() and abs(number.adjusted()) < DIGITS_MAX and _digits(number) < DIGITS_MAX else None
    )


def _digits(number: Decimal) -> int:
    return len(number.as_tuple().digits)
