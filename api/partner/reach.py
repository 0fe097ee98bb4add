"""What a partner would reach with other rules: asked before anything is changed."""

from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.mutations import Input, answer
from api.graphql.reach import Rehearsal
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.partner.products import RehearseProductInput, changes_in
from domain.actors import PartnerActor
from domain.matching.reach import rehearsing
from domain.permissions import Permission
from infra.database import transaction

RehearseProductResult = Annotated[
    Rehearsal | Refused,
    strawberry.union("RehearseProductResult", description="What the change would do, or why it cannot be tried."),
]


@strawberry.type
class ReachQuery:
    @requires(Permission.OFFER_PRODUCTS)
    @strawberry.field(
        description="What a change would do, or a new product; told as `upsertProduct` takes it. Nothing is written."
    )
    async def rehearse_product(self, info: Info, input: Input[RehearseProductInput]) -> RehearseProductResult | None:
        return await answer(info.context, _rehearsed(info.context.partner, input))


async def _rehearsed(actor: PartnerActor, input: RehearseProductInput) -> rehearsing.Rehearsal:
    async with transaction() as db:
        return await rehearsing.of_sku(db, actor, input.sku, changes_in(input, "input"))
