"""Refunds: what a person paid too much goes back to them, the way it came."""

from typing import Annotated

import strawberry

from api.app.agreements import Agreement
from api.app.repayments import read_on
from api.graphql.context import Info
from api.graphql.mutations import Input, answer, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from domain.agreements import agreements, repaying
from domain.permissions import Permission
from infra.database import reading

RefundCreditResult = Annotated[
    Agreement | Refused,
    strawberry.union("RefundCreditResult", description="The agreement, or why nothing goes back."),
]


@strawberry.input(description="Whose credit is to go back.")
class RefundCreditInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))
    idempotency_key: str = key()


@strawberry.type
class RefundMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="Give back what was paid too much, the way it came.")
    async def refund_credit(self, info: Info, input: Input[RefundCreditInput]) -> RefundCreditResult | None:
        return await answer(info.context, _refund_credit(info, input))


async def _refund_credit(info: Info, input: RefundCreditInput) -> agreements.Agreement:
    actor = info.context.user
    agreement_id = id_of("Agreement", input.agreement_id, "input", "agreementId")
    await repaying.refund_credit(actor, agreement_id, input.idempotency_key)
    await read_on(info)
    async with reading() as db:
        return await db.get_one(agreements.Agreement, (actor.user_id, agreement_id))
