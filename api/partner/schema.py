"""The partners' schema, and who may ask it."""

from datetime import datetime
from functools import cache

import strawberry
from starlette.requests import HTTPConnection

from api.graphql.context import Info, bearer
from api.graphql.errors import Unauthenticated
from api.graphql.nodes import Finder, Finders, node_by, nodes_by, rows_of
from api.graphql.requiring import requires
from api.graphql.schemas import Schema, make_schema
from api.graphql.showing import shows
from api.partner.agreements import Agreement, AgreementMutation, AgreementQuery, DrawDown
from api.partner.applications import Application, ApplicationMutation, ApplicationQuery
from api.partner.claims import ClaimMutation
from api.partner.consents import Consent, ConsentMutation, ConsentQuery
from api.partner.deliveries import DeliveryMutation, DeliveryQuery, WebhookDelivery
from api.partner.facts import FactMutation
from api.partner.goods import GoodsMutation
from api.partner.invitations import InvitationMutation
from api.partner.products import Product, ProductMutation, ProductQuery
from api.partner.reach import ReachQuery
from api.partner.redemptions import Redemption, RedemptionMutation
from api.partner.scores import ScoreMutation
from api.partner.settlements import SettlementQuery
from api.partner.simulations import SimulationMutation
from api.partner.treatments import TreatmentMutation
from api.partner.webhooks import WebhookEndpoint, WebhookMutation, WebhookQuery
from domain.actors import KnownActor, PartnerActor
from domain.agreements import agreements, draw_downs
from domain.applications import applications
from domain.consent import consents
from domain.market import products
from domain.people import expiring, partner_tokens, partners
from domain.people.partners import PartnerClient
from domain.permissions import Permission
from domain.sharing import narrowing
from infra.database import reading
from infra.ids import global_id
from integrations.webhooks import deliveries, endpoints
from membership import redemptions

NODES: Finders = {
    "Agreement": Finder(
        Permission.ANSWER_APPLICATIONS, rows_of(lambda context: agreements.visible_to(context.partner))
    ),
    "DrawDown": Finder(Permission.ANSWER_APPLICATIONS, rows_of(lambda context: draw_downs.visible_to(context.partner))),
    "Application": Finder(
        Permission.ANSWER_APPLICATIONS, rows_of(lambda context: applications.visible_to(context.partner))
    ),
    "Consent": Finder(Permission.CHECK_SCORES, rows_of(lambda context: consents.visible_to(context.partner))),
    "Product": Finder(Permission.OFFER_PRODUCTS, rows_of(lambda context: products.offered_by(context.partner))),
    "Redemption": Finder(
        Permission.CONFIRM_REDEMPTIONS, rows_of(lambda context: redemptions.confirmed_by(context.partner))
    ),
    "WebhookDelivery": Finder(
        Permission.RECEIVE_EVENTS, rows_of(lambda context: deliveries.visible_to(context.partner))
    ),
    "WebhookEndpoint": Finder(
        Permission.RECEIVE_EVENTS, rows_of(lambda context: endpoints.visible_to(context.partner))
    ),
}


@shows(partners.Partner, description="Who asks, and what this client may do.")
class Me:
    name: str = strawberry.field(description="What people call the partner.")
    is_test: bool = strawberry.field(
        description="True of a client that sees and makes test data only: products, people and money of its own, which nobody else "
        "ever sees."
    )

    @strawberry.field(description="The same as `Partner.id` in the app.")
    def id(root: strawberry.Parent[partners.Partner]) -> strawberry.ID:
        return strawberry.ID(global_id("Partner", root.id))

    @strawberry.field(
        description="When the first of this client's secrets and keys is over that no newer one outlives, where that is within 30 "
        "days: ask us for the next."
    )
    async def proof_expires_at(root: strawberry.Parent[partners.Partner], info: Info) -> datetime | None:
        async with reading() as db:
            soon = await expiring.soon(db, PartnerClient.client_id == info.context.partner.client_id)
        return soon[0].expires_at if soon else None

    @strawberry.field(
        description="What this client may do: products, applications, scores, score_reports, redemptions, facts, invitations."
    )
    def scopes(root: strawberry.Parent[partners.Partner], info: Info) -> list[str]:
        return sorted(info.context.partner.scopes)


@strawberry.type(description="What a partner can read: its own, and of people what they consented to.")
class Query(
    AgreementQuery,
    ApplicationQuery,
    ConsentQuery,
    ProductQuery,
    ReachQuery,
    SettlementQuery,
    WebhookQuery,
    DeliveryQuery,
):
    @requires(Permission.SIGNED_IN)
    @strawberry.field(description="The partner whose client asks.")
    def me(self, info: Info) -> Me:
        return info.context.load(products.partners_by_ids, info.context.partner.partner_id)

    node = node_by(NODES, Permission.SIGNED_IN)
    nodes = nodes_by(NODES, Permission.SIGNED_IN)


@strawberry.type(
    description="What a partner can do. Each answers what changed, or a `Refusal` that says why nothing did."
)
class Mutation(
    ApplicationMutation,
    AgreementMutation,
    ClaimMutation,
    ConsentMutation,
    FactMutation,
    GoodsMutation,
    InvitationMutation,
    TreatmentMutation,
    ProductMutation,
    ScoreMutation,
    WebhookMutation,
    DeliveryMutation,
    RedemptionMutation,
    SimulationMutation,
):
    pass


@cache
def schema() -> Schema:
    return make_schema(
        Query,
        Mutation,
        types=(Agreement, Application, Consent, DrawDown, Product, Redemption, WebhookEndpoint, WebhookDelivery),
    )


async def authenticate(text: str) -> KnownActor[PartnerActor]:
    token = await partner_tokens.find(text)
    found = await narrowing.actor_of(token) if token is not None else None
    if found is None:
        raise Unauthenticated
    return found


def name_of(request: HTTPConnection) -> str | None:
    """Whose client's token is shown, though it may be over; None where we never made it."""
    said = partner_tokens.read(bearer(request.headers.get("authorization")) or "")
    return f"client:{said.client_id}" if said else None
