"""Hardships: what is asked for in a bad month."""

from datetime import date, datetime

import strawberry

from api.graphql.enums import show
from api.graphql.showing import shows
from domain.agreements import hardships
from domain.agreements.hardships import HardshipKind, HardshipStatus

show(
    HardshipKind,
    "How an agreement is made lighter for a while.",
    PAUSE="Nothing is due for so many months.",
    LOWER="Half of each instalment is due for so many months.",
)
show(
    HardshipStatus,
    "Where a hardship stands.",
    REQUESTED="It waits for an answer.",
    GRANTED="It is in force.",
    REFUSED="It was refused.",
    ENDED="It is over.",
)


@shows(hardships.Hardship, description="An agreement that is made lighter for a while.")
class Hardship:
    kind: HardshipKind = strawberry.field(description="How it is made lighter.")
    months: int = strawberry.field(description="For so long.")
    status: HardshipStatus = strawberry.field(description="Where it stands.")
    answer_by: datetime | None = strawberry.field(description="By when it is answered; null once it is.")
    ends_on: date | None = strawberry.field(description="Its last day; null until it is granted.")
