"""Goods: a person confirms that they came, or sends them back."""

from typing import Annotated

import strawberry

from api.app.agreements import Agreement
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from domain.actors import UserActor
from domain.agreements import agreements, delivering, returning
from domain.permissions import Permission
from infra.database import Db

ConfirmDeliveryResult = Annotated[
    Agreement | Refused,
    strawberry.union("ConfirmDeliveryResult", description="The agreement, or why nothing is confirmed."),
]
ReturnGoodsResult = Annotated[
    Agreement | Refused,
    strawberry.union("ReturnGoodsResult", description="The agreement, or why nothing can be returned."),
]


@strawberry.input(description="Whose goods have come.")
class ConfirmDeliveryInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))


@strawberry.input(description="Which goods go back, and why.")
class ReturnGoodsInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))
    reason: str = strawberry.field(description="In the person's words, for the partner: up to 500 characters.")
    idempotency_key: str = key()


@strawberry.type
class GoodsMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Confirm that goods have come: from that day on they are owed, and the first instalment is due a month later."
    )
    async def confirm_delivery(self, info: Info, input: Input[ConfirmDeliveryInput]) -> ConfirmDeliveryResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _confirm(db, actor, input))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Send goods back, within 7 days of their delivery. Nothing is late from then on; once the partner has them, "
        "all of it is unwound, and what was paid goes back."
    )
    async def return_goods(self, info: Info, input: Input[ReturnGoodsInput]) -> ReturnGoodsResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _return(db, actor, input))


async def _confirm(db: Db, actor: UserActor, input: ConfirmDeliveryInput) -> agreements.Agreement:
    return await delivering.confirm(db, actor, id_of("Agreement", input.agreement_id, "input", "agreementId"))


async def _return(db: Db, actor: UserActor, input: ReturnGoodsInput) -> agreements.Agreement:
    agreement_id = id_of("Agreement", input.agreement_id, "input", "agreementId")
    return await returning.ask(db, actor, agreement_id, input.reason, input.idempotency_key)
