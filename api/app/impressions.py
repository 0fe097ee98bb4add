"""Looking at a match: what a person opens of what they were shown."""

from typing import Annotated

import strawberry

from api.app.viewing import viewer_field
from api.graphql.context import Info
from api.graphql.mutations import Input, commit
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from domain.actors import UserActor
from domain.matching import impressions
from domain.permissions import Permission
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.ids import parse_global_id
from infra.words import N_

OPENED_MAX = 50


@strawberry.type(description="How many of the products are opened now, of those that were shown in the last 30 days.")
class MatchesOpened:
    opened: int = strawberry.field(description="How many.")
    viewer = viewer_field()


OpenMatchesResult = Annotated[
    MatchesOpened | Refused, strawberry.union("OpenMatchesResult", description="How many were opened, or why none.")
]


@strawberry.input(description="What the person opened.")
class OpenMatchesInput:
    product_ids: list[strawberry.ID] = strawberry.field(description=f"Of Products, at most {OPENED_MAX}.")


@strawberry.type
class ImpressionMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="Tell that the person looked at these matches, so that better ones can be shown.")
    async def open_matches(self, info: Info, input: Input[OpenMatchesInput]) -> OpenMatchesResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _open(db, actor, input))


async def _open(db: Db, actor: UserActor, input: OpenMatchesInput) -> MatchesOpened:
    if len(input.product_ids) > OPENED_MAX:
        raise Refusal(
            RefusalCode.INVALID,
            N_("You can open up to {most} products at a time."),
            field=("input", "productIds"),
            most=OPENED_MAX,
        )
    named = [parse_global_id(id) for id in input.product_ids]
    product_ids = {key for kind, key in filter(None, named) if kind == "Product"}
    return MatchesOpened(opened=await impressions.open_latest(db, actor.user_id, product_ids))
