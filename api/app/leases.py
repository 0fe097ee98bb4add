"""Leases: a person gives notice of one, and says no to what is wanted of its deposit."""

from datetime import date
from typing import Annotated

import strawberry

from api.app.agreements import Agreement
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from domain.actors import UserActor
from domain.agreements import agreements, claiming, leaving
from domain.permissions import Permission
from infra.database import Db

GiveNoticeResult = Annotated[
    Agreement | Refused, strawberry.union("GiveNoticeResult", description="The agreement, or why no notice was taken.")
]
DisputeClaimResult = Annotated[
    Agreement | Refused,
    strawberry.union("DisputeClaimResult", description="The agreement, or why it was not disputed."),
]


@strawberry.input(description="Which lease to end, and when.")
class GiveNoticeInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))
    move_out_on: date = strawberry.field(description="The last day of the lease, which is paid for.")
    idempotency_key: str = key()


@strawberry.input(description="What is wrong with a claim.")
class DisputeClaimInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))
    message: str = strawberry.field(description="Why it is wrong, in up to 500 characters. Staff read it.")
    idempotency_key: str = key()


@strawberry.type
class LeaseMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="End a RENTAL on a day that its notice allows. What was paid for later days goes back, and the deposit once "
        "nobody can claim it any more."
    )
    async def give_notice(self, info: Info, input: Input[GiveNoticeInput]) -> GiveNoticeResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _give_notice(db, actor, input))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Say no to a claim on the deposit, before its `answerBy`. Staff then decide how much of it is right."
    )
    async def dispute_claim(self, info: Info, input: Input[DisputeClaimInput]) -> DisputeClaimResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _dispute(db, actor, input))


async def _give_notice(db: Db, actor: UserActor, input: GiveNoticeInput) -> agreements.Agreement:
    agreement_id = id_of("Agreement", input.agreement_id, "input", "agreementId")
    return await leaving.give_notice(db, actor, agreement_id, input.move_out_on, input.idempotency_key)


async def _dispute(db: Db, actor: UserActor, input: DisputeClaimInput) -> agreements.Agreement:
    agreement_id = id_of("Agreement", input.agreement_id, "input", "agreementId")
    return await claiming.dispute(db, actor, agreement_id, input.message, input.idempotency_key)
