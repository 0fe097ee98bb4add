"""Agreements: accepted offers in force, and what a person does with them."""

from datetime import datetime
from typing import Annotated, cast

import strawberry

from api.app.instalments import Instalment, schedule_of_offer
from api.app.offers import Offer
from api.app.products import Product
from api.app.viewing import viewer_field
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import Money
from api.graphql.showing import Node, shows
from domain.actors import UserActor
from domain.agreements import accepting, agreements
from domain.agreements.agreements import AgreementStatus
from domain.applications import offers
from domain.market import products
from domain.permissions import Permission
from infra.database import Db


@shows(agreements.Agreement, description="An accepted offer in force.")
class Agreement(Node):
    viewer = viewer_field()
    status: AgreementStatus = strawberry.field(description="Where it stands.")
    signed_at: datetime = strawberry.field(description="When the offer was accepted.")
    cooling_off_until: datetime = strawberry.field(
        description="Until when the acceptance can be taken back by `withdrawApplication`, as long as nothing is drawn."
    )

    @strawberry.field(description="What it is about.")
    def product(root: strawberry.Parent[agreements.Agreement], info: Info) -> Product:
        return info.context.load(products.by_ids, root.product_id)

    @strawberry.field(description="The terms that were accepted.")
    def offer(root: strawberry.Parent[agreements.Agreement], info: Info) -> Offer:
        return cast(Offer, info.context.load(offers.of_applications, (root.user_id, root.application_id)))

    @strawberry.field(description="What is due when, and what of it is paid.")
    async def schedule(root: strawberry.Parent[agreements.Agreement], info: Info) -> list[Instalment]:
        offer = await info.context.load(offers.of_applications, (root.user_id, root.application_id))
        return schedule_of_offer(offer) if offer else []

    @strawberry.field(
        description="What is owed now: what was lent and is not repaid, and interest and fees booked to date."
    )
    def outstanding(root: strawberry.Parent[agreements.Agreement]) -> Money:
        return Money.of(0, root.currency)


AcceptOfferResult = Annotated[
    Agreement | Refused, strawberry.union("AcceptOfferResult", description="The agreement, or why there is none.")
]


@strawberry.input(description="Which offer to accept.")
class AcceptOfferInput:
    offer_id: strawberry.ID = strawberry.field(description="Of an Offer.", metadata=id_check("Offer"))
    documents: list[str] = strawberry.field(
        description="The sha256 of each document that the person saw: all of the offer's, in one language."
    )
    idempotency_key: str = key()


@strawberry.type
class AgreementMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Accept an offer, bound to the documents that the person saw. For a day it can be taken back by "
        "`withdrawApplication`, as long as nothing is drawn."
    )
    async def accept_offer(self, info: Info, input: Input[AcceptOfferInput]) -> AcceptOfferResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _accept(db, actor, input))


async def _accept(db: Db, actor: UserActor, input: AcceptOfferInput) -> agreements.Agreement:
    offer_id = id_of("Offer", input.offer_id, "input", "offerId")
    return await accepting.accept(db, actor, offer_id, input.documents, input.idempotency_key)
