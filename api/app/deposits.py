"""Deposits: what is held while an agreement lasts, and what a partner wants of it."""

from datetime import datetime

import strawberry

from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.scalars import Money
from domain.agreements import agreements, claims, deposits
from domain.agreements.agreements import AgreementStatus
from domain.agreements.claims import ClaimStatus
from domain.agreements.deposits import DepositStatus
from infra.ids import global_id

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


@strawberry.type(description="What a partner wants of a deposit.")
class Claim:
    id: strawberry.ID = strawberry.field(description="Names it; permanent.")
    amount: Money = strawberry.field(description="How much it wants.")
    reason: str = strawberry.field(description="Why, in the partner's words.")
    status: ClaimStatus = strawberry.field(description="Where it stands.")
    answer_by: datetime = strawberry.field(
        description="By when the person can dispute it; once they have, by when staff answer."
    )
    upheld: Money = strawberry.field(description="How much of it was found right; 0 until that is decided.")


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
        claim=await _claim_of(agreement, info),
    )


async def _claim_of(agreement: agreements.Agreement, info: Info) -> Claim | None:
    found = await info.context.load(claims.of_agreements, (agreement.user_id, agreement.id))
    if found is None:
        return None
    texts = await info.context.load(claims.texts_of, (found.user_id, found.id))
    return Claim(
        id=strawberry.ID(global_id("Claim", found.id)),
        amount=Money.of(found.amount, found.currency),
        reason=(texts or {}).get("reason", ""),
        status=found.status,
        answer_by=found.answer_by,
        upheld=Money.of(found.upheld, found.currency),
    )
