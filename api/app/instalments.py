"""Instalment: what is due on one day, of an offer or of an agreement in force."""

from collections.abc import Sequence
from datetime import date

import strawberry

from api.graphql.scalars import Money
from domain.agreements.schedules import InstalmentStatus
from domain.agreements.standings import AgreementStanding
from domain.applications.offers import Offer
from domain.money.loans import PlannedRow


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


def schedule_of(standing: AgreementStanding, rows: Sequence[PlannedRow]) -> list[Instalment]:
    """The schedule of an agreement of which something was drawn."""

    def money(minor: int) -> Money:
        return Money.of(minor, standing.agreement.currency)

    return [
        Instalment(
            number=row.number,
            due_on=row.due_on,
            due=money(row.due.total),
            paid=money(row.paid.total),
            principal=money(row.due.principal),
            interest=money(row.due.interest),
            fees=money(row.due.fees + row.due.penalties),
            status=standing.status_of(row),
        )
        for row in rows
    ]


def schedule_of_offer(offer: Offer) -> list[Instalment]:
    """The schedule as it would be if everything were drawn at once."""
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
