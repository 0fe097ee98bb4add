"""Statements and payoff quotes: what happened to an agreement's money, and what settles all of it."""

from datetime import date, datetime

import strawberry

from api.graphql.context import Info
from api.graphql.scalars import Money
from api.graphql.showing import shows
from domain.agreements import quotes, statements
from domain.agreements.movements import MovementKind
from infra.ids import global_id


@shows(statements.StatementLine, description="A line of an agreement's statement.")
class Movement:
    at: datetime = strawberry.field(description="When it happened; of interest, the day up to which it counts.")
    kind: MovementKind = strawberry.field(description="What it is.")

    @strawberry.field(description="Names the line; permanent.")
    def id(root: strawberry.Parent[statements.StatementLine]) -> strawberry.ID:
        return strawberry.ID(global_id("Movement", root.id))

    @strawberry.field(
        description="What it adds to what is owed, or takes from it where it is below zero. All lines add up to "
        "`outstanding` less `credit`."
    )
    def amount(root: strawberry.Parent[statements.StatementLine]) -> Money:
        return Money.of(root.amount, root.currency)

    @strawberry.field(description="What it was, for the person.")
    def message(root: strawberry.Parent[statements.StatementLine], info: Info) -> str:
        return root.words(info.context.locale)


@strawberry.type(description="What settles everything on one day, to the cent. Worked out; nothing is stored.")
class PayoffQuote:
    id: strawberry.ID = strawberry.field(description="Sealed. Given to `repay`, it settles all by this amount.")
    on: date = strawberry.field(description="The day for which it is worked out.")
    amount: Money = strawberry.field(description="All of it.")
    principal: Money = strawberry.field(description="What of it repays what was lent.")
    interest: Money = strawberry.field(description="What of it is interest, to that day.")
    fees: Money = strawberry.field(description="What of it is fees.")
    honoured_until: datetime = strawberry.field(
        description="Until when `repay` takes it, unless something happens to the agreement before."
    )


def quote_of(quote: quotes.PayoffQuote) -> PayoffQuote:
    def money(minor: int) -> Money:
        return Money.of(minor, quote.currency)

    return PayoffQuote(
        id=strawberry.ID(quote.token),
        on=quote.quoted.on,
        amount=money(quote.quoted.amount),
        principal=money(quote.parts.principal),
        interest=money(quote.parts.interest),
        fees=money(quote.parts.fees + quote.parts.penalties),
        honoured_until=quote.quoted.honoured_until,
    )
