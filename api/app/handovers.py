"""Handovers: goods that came to the person, and that may go back."""

from datetime import datetime
from typing import Any, cast

import strawberry

from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.showing import shows
from domain.agreements import agreements, goods_returns, handovers
from domain.agreements.goods_returns import ReturnStatus

show(
    ReturnStatus,
    "Where goods are that go back.",
    ASKED="On their way: the partner has not answered.",
    TAKEN_BACK="The partner has them again: all that was paid for them, or for the part that it took back, goes back too.",
    REFUSED="The partner does not take them back.",
)


@shows(handovers.Handover, description="How goods came to the person.")
class Handover:
    delivered_at: datetime = strawberry.field(description="When they came, as the partner or the person says.")
    reported_at: datetime | None = strawberry.field(description="When the partner said so; null where it did not.")
    confirmed_at: datetime | None = strawberry.field(
        description="When the person confirmed it, or had said nothing for 7 days; null until then. From then on it is owed."
    )
    returnable_until: datetime = strawberry.field(description="Until when they can be returned.")


@shows(goods_returns.GoodsReturn, description="Goods on their way back.")
class GoodsReturn:
    asked_at: datetime = strawberry.field(description="When the person sent them back.")
    answer_by: datetime | None = strawberry.field(
        description="By when the partner is to answer, seven working days later; null once it has."
    )
    ended_at: datetime | None = strawberry.field(description="When the partner answered; null until it has.")
    status: ReturnStatus = strawberry.field(description="Where they are.")

    @strawberry.field(description="Why the person returns them.")
    async def reason(root: strawberry.Parent[goods_returns.GoodsReturn], info: Info) -> str | None:
        words = await info.context.load(goods_returns.words_of, (root.user_id, root.id))
        return words.reason if words else None

    @strawberry.field(description="Why the partner does not take them back; null unless it refused.")
    async def answer(root: strawberry.Parent[goods_returns.GoodsReturn], info: Info) -> str | None:
        words = await info.context.load(goods_returns.words_of, (root.user_id, root.id))
        return words.answer if words else None


def handover_field() -> Any:
    """The field `handover` of an agreement."""

    async def handover(root: strawberry.Parent[agreements.Agreement], info: Info) -> Handover | None:
        return cast(Handover, await info.context.load(handovers.of_agreements, (root.user_id, root.id)))

    return strawberry.field(
        resolver=handover, description="How the goods came; null until somebody says that they did."
    )


def goods_return_field() -> Any:
    """The field `goodsReturn` of an agreement."""

    async def goods_return(root: strawberry.Parent[agreements.Agreement], info: Info) -> GoodsReturn | None:
        return cast(GoodsReturn, await info.context.load(goods_returns.newest_of_agreements, (root.user_id, root.id)))

    return strawberry.field(
        resolver=goods_return,
        description="The goods on their way back, or how that ended last; null where none were sent.",
    )
