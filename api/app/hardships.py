"""Hardships: what agreements can have besides a schedule. Nobody can ask for one yet."""

from datetime import datetime
from enum import StrEnum

import strawberry

from api.graphql.enums import show


class HardshipKind(StrEnum):
    PAUSE = "PAUSE"
    LOWER = "LOWER"


class HardshipStatus(StrEnum):
    REQUESTED = "REQUESTED"
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"
    ENDED = "ENDED"


show(
    HardshipKind,
    "How an agreement is made lighter for a while.",
    PAUSE="Nothing is due for so many months.",
    LOWER="Less is due for so many months.",
)
show(
    HardshipStatus,
    "Where a hardship stands.",
    REQUESTED="It waits for an answer.",
    GRANTED="It is in force.",
    REFUSED="It was refused.",
    ENDED="It is over.",
)


@strawberry.type(description="An agreement that is made lighter for a while.")
class Hardship:
    kind: HardshipKind = strawberry.field(description="How it is made lighter.")
    months: int = strawberry.field(description="For so long.")
    status: HardshipStatus = strawberry.field(description="Where it stands.")
    answer_by: datetime | None = strawberry.field(description="By when it is answered; null once it is.")
