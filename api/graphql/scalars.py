"""Values as the contract writes them: money with its currency's decimals, rates as short fractions, addresses."""

from decimal import Decimal
from typing import NewType, Self

import strawberry

from infra.errors import invalid
from infra.money import Money as DomainMoney
from infra.words import N_

URL = NewType("URL", str)
SCALARS: dict[object, strawberry.types.scalar.ScalarDefinition] = {
    URL: strawberry.scalar(
        name="URL", serialize=str, parse_value=str, description="An absolute address, percent-encoded."
    ),
}


@strawberry.type(description='An amount of money: { amount: "1234.50", currency: "CNY" }.')
class Money:
    amount: Decimal = strawberry.field(description="With exactly the currency's decimals.")
    currency: str = strawberry.field(description="ISO 4217, as CNY.")

    @classmethod
    def of(cls, minor: int, currency: str) -> Self:
        return cls(amount=DomainMoney(minor, currency).amount, currency=currency)


@strawberry.input(description="An amount of money.")
class MoneyInput:
    amount: Decimal = strawberry.field(description="Up to the currency's decimals: 1234.5 and 1234.50 are the same.")
    currency: str = strawberry.field(description="ISO 4217, as CNY.")

    def to_money(self, *field: str) -> DomainMoney:
        """Refuses INVALID, naming `field`, what is no amount of an ISO 4217 currency."""
        try:
            return DomainMoney.of(self.amount, self.currency)
        except ValueError:
            raise invalid(
                N_("An amount is a decimal number with an ISO 4217 currency and no more decimals than it has."), field
            ) from None


def rate(value: Decimal | None) -> Decimal | None:
    """0.12000 as 0.12: a fraction without the column's trailing zeros."""
    return None if value is None else Decimal(format(value.normalize(), "f"))
