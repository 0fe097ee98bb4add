"""The app's schema: what each noun adds, put together."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

import strawberry

from api.app.accounts import AccountMutation, AccountQuery, LinkedAccount
from api.app.agreements import Agreement
from api.app.applications import Application, ApplicationMutation, Offer
from api.app.choices import ChoiceQuery
from api.app.impressions import ImpressionMutation
from api.app.matches import Match, MatchMutation
from api.app.membership import Benefit, PlanSubscription
from api.app.people import PeopleMutation, PeopleQuery, User
from api.app.products import Partner, Product, ProductQuery
from api.app.scores import Score
from api.app.signin import SignInMutation
from api.app.subscriptions import Subscription
from api.app.visitors import Visitors
from api.graphql.context import Context, Info
from api.graphql.nodes import Finder, NodeId, find_node
from api.graphql.requiring import requires
from api.graphql.schemas import Schema, make_schema
from api.graphql.showing import Node
from domain.applications import applications, offers
from domain.credit import scores
from domain.facts import accounts
from domain.market import products
from domain.matching import matches
from domain.people import users
from domain.permissions import Permission
from infra.database import reading
from membership import memberships


async def _user(context: Context, id: UUID) -> Any:
    return await context.load(users.by_ids, id) if id == context.user.user_id else None


async def _application(context: Context, id: UUID) -> Any:
    async with reading() as db:
        return await applications.find(db, context.user, id)


async def _account(context: Context, id: UUID) -> Any:
    return await context.load(accounts.by_id, (context.user.user_id, id))


async def _score(context: Context, id: UUID) -> Any:
    async with reading() as db:
        return await db.get(scores.Score, (context.user.user_id, id))


async def _offer(context: Context, id: UUID) -> Any:
    async with reading() as db:
        return await db.get(offers.Offer, (context.user.user_id, id))


async def _product(context: Context, id: UUID) -> Any:
    async with reading() as db:
        return await products.find_published(db, id)


async def _partner(context: Context, id: UUID) -> Any:
    return await context.load(products.partners_by_ids, id)


async def _match(context: Context, id: UUID) -> Any:
    async with reading() as db:
        return await matches.find(db, context.user.user_id, id)


async def _benefit(context: Context, id: UUID) -> Any:
    membership = await context.load(memberships.memberships_of, context.user.user_id)
    return next((held for held in membership.benefits if held.benefit.id == id), None) if membership else None


NODES: Mapping[str, Finder] = {
    "Product": Finder(Permission.PUBLIC, _product),
    "Partner": Finder(Permission.PUBLIC, _partner),
    "User": Finder(Permission.SIGNED_IN, _user),
    "Application": Finder(Permission.SIGNED_IN, _application),
    "LinkedAccount": Finder(Permission.SIGNED_IN, _account),
    "Score": Finder(Permission.SIGNED_IN, _score),
    "Offer": Finder(Permission.SIGNED_IN, _offer),
    "Match": Finder(Permission.SIGNED_IN, _match),
    "Benefit": Finder(Permission.SIGNED_IN, _benefit),
}


@strawberry.type(description="What the app can read.")
class Query(PeopleQuery, AccountQuery, ProductQuery, ChoiceQuery):
    @requires(Permission.PUBLIC)
    @strawberry.field(
        description="What a permanent id names. Null for what is not there, and for what is somebody else's."
    )
    async def node(self, info: Info, id: NodeId) -> Node | None:
        return await find_node(info.context, id, NODES)


@strawberry.type(
    description="What the app can do. Each answers what changed, or a `Refusal` that says why nothing did."
)
class Mutation(SignInMutation, PeopleMutation, AccountMutation, ApplicationMutation, MatchMutation, ImpressionMutation):
    pass


@cache
def schema() -> Schema:
    return make_schema(
        Query,
        Mutation,
        subscription=Subscription,
        types=(
            Agreement,
            Application,
            Benefit,
            LinkedAccount,
            Match,
            Offer,
            Partner,
            PlanSubscription,
            Product,
            Score,
            User,
        ),
        extensions=(Visitors,),
    )
