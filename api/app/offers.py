"""Offers: binding terms that follow an approval."""

from datetime import datetime
from decimal import Decimal

import strawberry

from api.app.documents import Document, documents_of
from api.app.instalments import Instalment, schedule_of_offer
from api.graphql import scalars
from api.graphql.context import Info
from api.graphql.scalars import Money
from api.graphql.showing import Node, shows
from domain.applications import offers


@shows(offers.Offer, description="Binding terms, until they expire.")
class Offer(Node):
    expires_at: datetime = strawberry.field(description="Until when it can be accepted.")
    term_months: int = strawberry.field(description="Over how many months it is repaid or rented.")
    annual_cost: Decimal = strawberry.field(description="What it costs a year, all told, as a fraction: 0.12 is 12 %.")

    @strawberry.field(description="What the person gets. Of a RENTAL the monthly rent.")
    def amount(root: strawberry.Parent[offers.Offer]) -> Money:
        return Money.of(root.amount, root.currency)

    @strawberry.field(description="Interest a year, as a fraction; 0 for a RENTAL, which bears none.")
    def annual_rate(root: strawberry.Parent[offers.Offer]) -> Decimal:
        return scalars.rate(root.annual_rate) or Decimal(0)  # a rental bears no interest

    @strawberry.field(description="What is due each month.")
    def monthly_payment(root: strawberry.Parent[offers.Offer]) -> Money:
        return Money.of(root.monthly_payment, root.currency)

    @strawberry.field(description="What is to be held as a deposit; 0 where none is.")
    def deposit(root: strawberry.Parent[offers.Offer]) -> Money:
        return Money.of(root.deposit, root.currency)

    @strawberry.field(description="What the partner asked for beyond it, and the grade makes unnecessary.")
    def deposit_waived(root: strawberry.Parent[offers.Offer]) -> Money:
        return Money.of(root.deposit_waived, root.currency)

    @strawberry.field(description="What the person has to read before accepting, in the language that was asked for.")
    def documents(root: strawberry.Parent[offers.Offer], info: Info) -> list[Document]:
        return documents_of(offers.documents_by_language(root)[info.context.locale])

    @strawberry.field(description="What is charged once, of the amount; 0 where nothing is.")
    def fees(root: strawberry.Parent[offers.Offer]) -> Money:
        return Money.of(root.fee, root.currency)

    @strawberry.field(
        description="What is charged once of an instalment that is not paid within three days after it was due, as a fraction of "
        "what is open of it; 0 where nothing is."
    )
    def late_fee_rate(root: strawberry.Parent[offers.Offer]) -> Decimal:
        return scalars.rate(root.late_fee_rate) or Decimal(0)

    @strawberry.field(
        description="All that is to be paid, fees included, if everything is drawn at once and paid on its day."
    )
    def total_cost(root: strawberry.Parent[offers.Offer]) -> Money:
        return Money.of(root.total_cost, root.currency)

    @strawberry.field(
        description="What is due month by month; the days are set when money is drawn or the thing delivered."
    )
    def schedule(root: strawberry.Parent[offers.Offer]) -> list[Instalment]:
        return schedule_of_offer(root)
