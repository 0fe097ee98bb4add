"""Redemptions: what members show a partner, and the partner's word that it was used."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.mutations import Input, commit, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import Node, shows
from domain.permissions import Permission
from infra.words import say
from membership import redeeming, redemptions


@shows(redemptions.Redemption, description="One use of a benefit. Who used it is not told.")
class Redemption(Node):
    reference: str | None = strawberry.field(description="The partner's own, if it gave one.")

    @strawberry.field(description="When its use was confirmed.")
    def used_at(root: strawberry.Parent[redemptions.Redemption]) -> datetime:
        assert root.used_at is not None, "a partner sees what it has confirmed"
        return root.used_at

    @strawberry.field(description="What the person was promised, in the language that was asked for.")
    async def benefit_name(root: strawberry.Parent[redemptions.Redemption], info: Info) -> str:
        return say(await info.context.load(redemptions.names_of, root.benefit_id), info.context.locale)


ConfirmRedemptionResult = Annotated[
    Redemption | Refused,
    strawberry.union("ConfirmRedemptionResult", description="What was used, or why the voucher is worth nothing."),
]


@strawberry.input(description="A voucher that was used.")
class ConfirmRedemptionInput:
    voucher: str = strawberry.field(description="As the person shows it; spaces and dashes do not matter.")
    idempotency_key: str = key()
    reference: str | None = strawberry.field(
        default=None, description="The partner's own, up to 200 characters on one line."
    )


@strawberry.type
class RedemptionMutation:
    @requires(Permission.CONFIRM_REDEMPTIONS)
    @strawberry.mutation(
        description="Say that a voucher was used. It works once; Longan owes what it costs from then on."
    )
    async def confirm_redemption(
        self, info: Info, input: Input[ConfirmRedemptionInput]
    ) -> ConfirmRedemptionResult | None:
        actor = info.context.partner
        return await commit(
            info,
            lambda db: redeeming.confirm(
                db, actor, voucher=input.voucher, reference=input.reference, key=input.idempotency_key
            ),
        )
