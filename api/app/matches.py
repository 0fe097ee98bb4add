"""What suits this person, best first. Never binding."""

from decimal import Decimal
from typing import Any

import strawberry

from api.app.products import Product
from api.app.scores import Reason, reasons_told
from api.graphql.context import Info
from api.graphql.scalars import Money
from api.graphql.showing import Node, shows
from domain.market import matches
from domain.market.matching import OddsBand
from domain.market.terms import quoting


@shows(quoting.Illustration, description="The amount and term that the costs are shown for.")
class Illustration:
    term_months: int

    @strawberry.field
    def amount(self: Any) -> Money:
        return Money.of(self.amount, self.currency)

    @strawberry.field
    def total_cost(self: Any) -> Money:
        return Money.of(self.quote.total_cost, self.currency)

    @strawberry.field
    def annual_cost(self: Any) -> Decimal:
        return self.quote.annual_cost


@shows(matches.Match, description="A product ranked for a person, with the odds that he gets it.")
class Match(Node):
    product: Product
    sponsored: bool
    odds_band: OddsBand | None

    @strawberry.field
    def reasons(self: Any, info: Info) -> list[Reason]:
        return reasons_told(list(self.reasons), info)

    @strawberry.field
    def monthly_cost(self: Any) -> Money:
        return Money.of(self.illustration.quote.monthly_payment, self.product.currency)

    @strawberry.field(name="basis")
    def basis(self: Any) -> Illustration:
        return self.illustration
