"""Values as the contract writes them: money with its currency's decimals, rates as short fractions, addresses."""

import re
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NewType, Self, cast

import strawberry

from api.graphql.showing import shows
from infra.calendar import read_day, within_reach
from infra.errors import invalid
from infra.money import Money as DomainMoney
from infra.words import N_

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(DATE.pattern + r"[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})")
DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?")
DOUBLES_BELOW = 10 ** (sys.float_info.dig - 3)
URL = NewType("URL", str)


def read_date(value: object) -> date:
    """A day of a calendar that we can reckon with. Raises ValueError."""
    if not isinstance(value, str) or not DATE.fullmatch(value):
        raise ValueError
    return read_day(value)


def read_time(value: object) -> datetime:
    """Read a moment, into UTC. Raises ValueError: without a zone, it would be another moment on each machine."""
    if not isinstance(value, str) or not TIME.fullmatch(value):
        raise ValueError
    return within_reach(datetime.fromisoformat(value.upper().replace(",", "."))).astimezone(UTC)


def read_decimal(value: object) -> Decimal:
    """Plain ASCII digits: no exponent, no NaN, not more than any amount needs. Raises ValueError.

    A JSON number that is too long for a double may have been another one when it was written, so it is refused.
    """
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if not DECIMAL.fullmatch(text):
        raise ValueError
    number = Decimal(text)
    if isinstance(value, float) and not _is_as_written(number):
        raise ValueError
    return number


def _is_as_written(number: Decimal) -> bool:
    """Whether every number of up to three decimals beside it is another double."""
    return abs(number) < DOUBLES_BELOW and len(number.normalize().as_tuple().digits) <= sys.float_info.dig


TIMES = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"
SCALARS: dict[object, strawberry.types.scalar.ScalarDefinition] = {
    URL: strawberry.scalar(
        name="URL",
        serialize=str,
        parse_value=str,
        description="An absolute address, percent-encoded.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3986#section-4.3",
    ),
    date: strawberry.scalar(
        name="Date",
        serialize=date.isoformat,
        parse_value=read_date,
        description="A day, as 2000-12-31.",
        specified_by_url=TIMES,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        serialize=datetime.isoformat,
        parse_value=read_time,
        description="A moment with its zone, as 2000-12-31T08:00:00Z.",
        specified_by_url=TIMES,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        serialize=str,
        parse_value=read_decimal,
        description="A decimal number in plain digits, as 1234.50.",
        specified_by_url="https://www.w3.org/TR/xmlschema11-2/#decimal",
    ),
}


@shows(DomainMoney, description='An amount of money: { amount: "1234.50", currency: "CNY" }.')
class Money:
    amount: Decimal = strawberry.field(description="With exactly the currency's decimals.")
    currency: str = strawberry.field(description="ISO 4217, as CNY.")

    @classmethod
    def of(cls, minor: int, currency: str) -> Self:
        return cast(Self, DomainMoney(minor, currency))


@strawberry.input(description="An amount of money.")
class MoneyInput:
    amount: Decimal = strawberry.field(description="Up to the currency's decimals: 1234.5 and 1234.50 are the same.")
    currency: str = strawberry.field(description="ISO 4217, as CNY.")

    def to_money(self, *field: str) -> DomainMoney:
        """Refuses INVALID, naming `field`, what is no amount of an ISO 4217 currency."""
        return _money(self.amount, self.currency, *field)

    @staticmethod
    def check(value: dict[str, Any]) -> None:
        """Refuses INVALID what `to_money` would."""
        _money(value["amount"], value["currency"])


def _money(amount: Any, currency: Any, *field: str) -> DomainMoney:
    try:
        return DomainMoney.of(amount, currency)
    except (ValueError, TypeError):
        raise invalid(
            N_("Enter an amount as a decimal number with an ISO 4217 currency, and no more decimals than it has."),
            field,
        ) from None


def rate(value: Decimal | None) -> Decimal | None:
    """0.12000 as 0.12: a fraction without the column's trailing zeros."""
    return None if value is None else Decimal(format(value.normalize(), "f"))
