"""Hardships and deposits: what agreements can have besides a schedule. No loan has a deposit, and nobody can ask for a hardship yet."""

from datetime import datetime
from enum import StrEnum

import strawberry

from api.graphql.enums import show
from api.graphql.scalars import Money


class HardshipKind(StrEnum):
    PAUSE = "PAUSE"
    LOWER = "LOWER"


class HardshipStatus(StrEnum):
    REQUESTED = "REQUESTED"
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"
    ENDED = "ENDED"


class DepositStatus(StrEnum):
    WAIVED = "WAIVED"
    DUE = "DUE"
    HELD = "HELD"
    CLAIMED = "CLAIMED"
    DISPUTED = "DISPUTED"
    PARTLY_RETURNED = "PARTLY_RETURNED"
    RETURNED = "RETURNED"


class ClaimStatus(StrEnum):
    OPEN = "OPEN"
    DISPUTED = "DISPUTED"
    UPHELD = "UPHELD"
    REJECTED = "REJECTED"


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
show(
    DepositStatus,
    "Where a deposit stands.",
    WAIVED="None is held, for the person's grade.",
    DUE="It is still to be paid.",
    HELD="It is held.",
    CLAIMED="The partner claims some of it.",
    DISPUTED="The person disputes a claim.",
    PARTLY_RETURNED="Some of it was kept, and the rest given back.",
    RETURNED="All of it was given back.",
)
show(
    ClaimStatus,
    "Where a claim on a deposit stands.",
    OPEN="The person has not answered it yet.",
    DISPUTED="The person disputes it.",
    UPHELD="It was found right.",
    REJECTED="It was found wrong.",
)


@strawberry.type(description="An agreement that is made lighter for a while.")
class Hardship:
    kind: HardshipKind = strawberry.field(description="How it is made lighter.")
    months: int = strawberry.field(description="For so long.")
    status: HardshipStatus = strawberry.field(description="Where it stands.")
    answer_by: datetime | None = strawberry.field(description="By when it is answered; null once it is.")


@strawberry.type(description="What a partner wants of a deposit.")
class Claim:
    id: strawberry.ID = strawberry.field(description="Names it; permanent.")
    amount: Money = strawberry.field(description="How much it wants.")
    reason: str = strawberry.field(description="Why, in the partner's words.")
    status: ClaimStatus = strawberry.field(description="Where it stands.")
    answer_by: datetime = strawberry.field(description="By when the person can answer it.")


@strawberry.type(description="Money of the person's that is held while an agreement lasts.")
class Deposit:
    asked: Money = strawberry.field(description="All that is asked for: what is held and what is waived.")
    held: Money = strawberry.field(description="What is held of it.")
    waived: Money = strawberry.field(description="What of it the person's grade makes unnecessary.")
    status: DepositStatus = strawberry.field(description="Where it stands.")
    claim: Claim | None = strawberry.field(description="What the partner wants of it; null where it wants nothing.")
