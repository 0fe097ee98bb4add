"""Instalment: what is due on one day, of an offer or of an agreement in force."""

from datetime import date

import strawberry

from api.graphql.scalars import Money
from domain.agreements.schedules import InstalmentStatus
from domain.applications.offers import Offer


@strawberry.type(description="What is due on one day.")
class Instalment:
    number: int = strawberry.field(description="Its place, from 1.")
    due_on: date | None = strawberry.field(description="Null until a draw-down or a delivery sets the days.")
    due: Money = strawberry.field(description="All that is due then.")
    paid: Money = strawberry.field(description="What of it is paid.")
    principal: Money = strawberry.field(description="What of `due` repays what was lent.")
    interest: Money = strawberry.field(description="What of `due` is interest.")
    fees: Money = strawberry.field(description="What of `due` is fees.")
    status: InstalmentStatus = strawberry.field(description="Where it stands.")


def schedule_of_offer(offer: Offer) -> list[Instalment]:
    """As it would be if everything were drawn at once."""
    return [
        Instalment(
            number=number,
            due_on=None,
            due=Money.of(due, offer.currency),
            paid=Money.of(0, offer.currency),
            principal=Money.of(principal, offer.currency),
            interest=Money.of(interest, offer.currency),
            fees=Money.of(0, offer.currency),
            status=InstalmentStatus.OPEN,
        )
        for number, due, principal, interest in offer.schedule
    ]
