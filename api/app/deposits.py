"""Deposits: what is held while an agreement lasts, and what a partner wants of it."""

from datetime import datetime
from enum import StrEnum

import strawberry

from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.scalars import Money
from domain.agreements import agreements, deposits
from domain.agreements.agreements import AgreementStatus
from domain.agreements.deposits import DepositStatus


class ClaimStatus(StrEnum):
    OPEN = "OPEN"
    DISPUTED = "DISPUTED"
    UPHELD = "UPHELD"
    REJECTED = "REJECTED"


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
    held: Money = strawberry.field(description="What is to be held of it, or was until it went back.")
    waived: Money = strawberry.field(description="What of it the person's grade makes unnecessary.")
    status: DepositStatus = strawberry.field(description="Where it stands.")
    claim: Claim | None = strawberry.field(description="What the partner wants of it; null where it wants nothing.")


async def deposit_of(agreement: agreements.Agreement, info: Info) -> Deposit | None:
    """None where there is none, or where it was never paid and is not waited for any more."""
    found = await info.context.load(deposits.of_agreements, (agreement.user_id, agreement.id))
    if found is None or (agreement.status is AgreementStatus.UNWOUND and found.status is DepositStatus.DUE):
        return None
    return Deposit(
        asked=Money.of(found.amount + found.waived, found.currency),
        held=Money.of(found.amount, found.currency),
        waived=Money.of(found.waived, found.currency),
        status=found.status,
        claim=None,
    )
