"""Claims on deposits: what waits, and how much of one is right."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.connections import After, CountedConnection, First, listed_counted
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import Money, MoneyInput
from api.graphql.showing import Node, shows
from domain.actors import StaffActor
from domain.agreements import claiming, claims
from domain.agreements.claims import ClaimStatus
from domain.permissions import Permission
from infra.database import Db


@shows(claims.Claim, description="What a partner wants of a deposit.")
class Claim(Node):
    status: ClaimStatus = strawberry.field(description="Where it stands.")
    made_at: datetime = strawberry.field(description="When it was made.")
    answer_by: datetime = strawberry.field(
        description="By when the person can dispute it; once they have, by when it is to be decided."
    )

    @strawberry.field(description="How much the partner wants.")
    def amount(root: strawberry.Parent[claims.Claim]) -> Money:
        return Money.of(root.amount, root.currency)

    @strawberry.field(description="How much of it was found right; 0 until that is decided.")
    def upheld(root: strawberry.Parent[claims.Claim]) -> Money:
        return Money.of(root.upheld, root.currency)

    @strawberry.field(description="Why, in the partner's words.")
    async def reason(root: strawberry.Parent[claims.Claim], info: Info) -> str:
        return await _text(root, info, "reason") or ""

    @strawberry.field(description="Why it is wrong, in the person's words; null until they dispute it.")
    async def message(root: strawberry.Parent[claims.Claim], info: Info) -> str | None:
        return await _text(root, info, "message")

    @strawberry.field(description="What staff answered; null until then.")
    async def answer(root: strawberry.Parent[claims.Claim], info: Info) -> str | None:
        return await _text(root, info, "answer")


async def _text(claim: claims.Claim, info: Info, name: str) -> str | None:
    """None too where the person was erased."""
    texts = await info.context.load(claims.texts_of, (claim.user_id, claim.id))
    return (texts or {}).get(name)


@strawberry.type
class ClaimQuery:
    @requires(Permission.DECIDE_CLAIMS)
    @strawberry.field(description="What waits for the person's no or for a decision, the nearest time first.")
    async def claims(self, info: Info, first: First = None, after: After = None) -> CountedConnection[Claim] | None:
        order = [claims.Claim.answer_by, claims.Claim.id]
        return await listed_counted(claims.undecided_for(info.context.staff), order, first, after)


ClaimResult = Annotated[
    Claim | Refused, strawberry.union("ClaimResult", description="The claim, decided now, or why not.")
]


@strawberry.input(description="How much of a claim is right.")
class DecideClaimInput:
    claim_id: strawberry.ID = strawberry.field(description="Of a Claim that is DISPUTED.", metadata=id_check("Claim"))
    amount: MoneyInput = strawberry.field(description="How much of it is upheld: 0 rejects it.")
    answer: str = strawberry.field(description="Why, in up to 500 characters.")
    idempotency_key: str = key()


@strawberry.type
class ClaimMutation:
    @requires(Permission.DECIDE_CLAIMS)
    @strawberry.mutation(
        description="Decide how much of a disputed claim is the partner's. The rest of the deposit goes back on the same day."
    )
    async def decide_claim(self, info: Info, input: Input[DecideClaimInput]) -> ClaimResult | None:
        actor = info.context.staff
        return await commit(info, lambda db: _decide(db, actor, input))


async def _decide(db: Db, actor: StaffActor, input: DecideClaimInput) -> claims.Claim:
    claim_id, amount = id_of("Claim", input.claim_id, "input", "claimId"), input.amount.to_money("input", "amount")
    return await claiming.decide(db, actor, claim_id, amount, input.answer, input.idempotency_key)
