"""Autopay: instalments that are drawn on their days, by a mandate that the person signs at the cashier."""

from typing import Annotated, Any

import strawberry

from api.app.agreements import Agreement
from api.app.repayments import read_on
from api.graphql.context import Info
from api.graphql.mutations import Input, answer, id_check, id_of
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from domain.agreements import autopay
from domain.permissions import Permission

SetAutopayResult = Annotated[
    Agreement | Refused, strawberry.union("SetAutopayResult", description="The agreement, or why it stays as it was.")
]


@strawberry.input(description="Whether instalments are drawn by themselves.")
class SetAutopayInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))
    is_on: bool = strawberry.field(description="False ends it at once.")


@strawberry.type
class AutopayMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Let instalments be drawn on their days, or end that in one tap. Where `nextAction` then names a page, the person "
        "signs there first, and `autopay` is true once they have. What could not be drawn is tried once more, two days later. "
        "It ends by itself with its agreement, or where the person withdraws it at the cashier."
    )
    async def set_autopay(self, info: Info, input: Input[SetAutopayInput]) -> SetAutopayResult | None:
        return await answer(info.context, _set_autopay(info, input))


async def _set_autopay(info: Info, input: SetAutopayInput) -> Any:
    id = id_of("Agreement", input.agreement_id, "input", "agreementId")
    agreement = await autopay.set_autopay(info.context.user, id, is_on=input.is_on, address=info.context.ip)
    await read_on(info)
    return agreement
