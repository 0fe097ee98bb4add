"""Inviting people by their numbers: the answer is the same whoever has them."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.mutations import Input, answer, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import MoneyInput
from api.graphql.showing import shows
from domain.actors import PartnerActor
from domain.invitations import batches, inviting
from domain.permissions import Permission
from infra.database import transact
from infra.ids import global_id


@shows(batches.InvitationBatch, description="What was received. It says nothing of who exists.")
class InvitationBatch:
    received: int = strawberry.field(description="How many different numbers it named.")

    @strawberry.field(description="Names the batch.")
    def id(root: strawberry.Parent[batches.InvitationBatch]) -> strawberry.ID:
        return strawberry.ID(global_id("InvitationBatch", root.id))


InviteUsersResult = Annotated[
    InvitationBatch | Refused,
    strawberry.union("InviteUsersResult", description="What was received, or why nothing was."),
]


@strawberry.input(description="Whom to invite to what.")
class InviteUsersInput:
    product_id: strawberry.ID = strawberry.field(
        description="Of a Product of the partner's that is PUBLISHED.", metadata=id_check("Product")
    )
    phones: list[str] = strawberry.field(
        description=f"1 to {inviting.MOST:,} numbers in E.164, as +8613800138000. One that is none is named by its place, and "
        "nobody is invited."
    )
    max_amount: MoneyInput = strawberry.field(description="The most that can be applied for with it.")
    expires_at: datetime = strawberry.field(
        description=f"Until when it can be answered, up to {inviting.LASTS_MOST.days} days from now."
    )
    idempotency_key: str = key()


@strawberry.type
class InvitationMutation:
    @requires(Permission.INVITE_USERS)
    @strawberry.mutation(
        description="Invite people to apply for a product, by their numbers. Whoever has one of them sees it in the app, also who "
        "registers while it lasts, and is decided about at once when they apply. That is the first that you hear of anybody."
    )
    async def invite_users(self, info: Info, input: Input[InviteUsersInput]) -> InviteUsersResult | None:
        return await answer(info.context, _invite(info.context.partner, input))


async def _invite(actor: PartnerActor, input: InviteUsersInput) -> batches.InvitationBatch:
    product_id = id_of("Product", input.product_id, "input", "productId")
    most = input.max_amount.to_money("input", "maxAmount")
    numbers = await inviting.read_phones(input.phones)
    return await transact(
        lambda db: inviting.invite(
            db,
            actor,
            product_id=product_id,
            numbers=numbers,
            most=most,
            expires_at=input.expires_at,
            key=input.idempotency_key,
        )
    )
