"""Redemptions: a person's uses of their benefits, each with a voucher to show."""

from datetime import datetime
from typing import Annotated, cast

import strawberry

from api.app.membership import Benefit
from api.app.viewing import viewer_field
from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import Node, shows
from domain.permissions import Permission
from membership import grants, redeeming, redemptions
from membership.redemptions import RedemptionStatus

show(
    RedemptionStatus,
    "Where a redemption stands.",
    ISSUED="Its voucher can be shown.",
    USED="A partner has confirmed it.",
    CANCELLED="The person gave it back, and it does not count.",
    EXPIRED="Nobody used it in time, and it does not count.",
)


@shows(redemptions.Redemption, description="One use of a benefit.")
class Redemption(Node):
    viewer = viewer_field()
    voucher: str = strawberry.field(description="What to show the partner, as 0123-4567-89AB-CDEF.")
    status: RedemptionStatus = strawberry.field(description="Where it stands.")
    expires_at: datetime = strawberry.field(description="Until when it can be used.")
    used_at: datetime | None = strawberry.field(description="When a partner confirmed it; null before.")

    @strawberry.field(description="What it is a use of.")
    async def benefit(root: strawberry.Parent[redemptions.Redemption], info: Info) -> Benefit:
        return cast(Benefit, await info.context.load(grants.uses_of, (root.user_id, root.benefit_id)))


RedeemBenefitResult = Annotated[
    Redemption | Refused, strawberry.union("RedeemBenefitResult", description="The voucher, or why there is none.")
]
CancelRedemptionResult = Annotated[
    Redemption | Refused,
    strawberry.union("CancelRedemptionResult", description="What counts no more, or why it stays."),
]


@strawberry.input(description="Which benefit to use.")
class RedeemBenefitInput:
    benefit_id: strawberry.ID = strawberry.field(description="Of a Benefit.", metadata=id_check("Benefit"))
    idempotency_key: str = key()


@strawberry.input(description="Which voucher to give back.")
class CancelRedemptionInput:
    redemption_id: strawberry.ID = strawberry.field(description="Of a Redemption.", metadata=id_check("Redemption"))


@strawberry.type
class RedemptionMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Take a voucher for one use of a benefit. It counts at once, and no more if given back."
    )
    async def redeem_benefit(self, info: Info, input: Input[RedeemBenefitInput]) -> RedeemBenefitResult | None:
        actor, once = info.context.user, input.idempotency_key
        return await commit(
            info,
            lambda db: redeeming.redeem(
                db, actor, benefit_id=id_of("Benefit", input.benefit_id, *redeeming.BENEFIT), key=once
            ),
        )

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="Give a voucher back that was not used.")
    async def cancel_redemption(self, info: Info, input: Input[CancelRedemptionInput]) -> CancelRedemptionResult | None:
        actor = info.context.user
        return await commit(
            info,
            lambda db: redeeming.cancel(db, actor, id_of("Redemption", input.redemption_id, *redeeming.REDEMPTION)),
        )
