"""The console's schema, and who may ask it."""

from functools import cache

import strawberry

from api.console.products import Product, ProductQuery
from api.console.reviews import Application, ReviewMutation, ReviewQuery
from api.console.tiers import Benefit, TierQuery
from api.graphql.errors import Unauthenticated
from api.graphql.schemas import Schema, make_schema
from domain.actors import StaffActor
from domain.people import staff_sessions
from infra.database import reading


@strawberry.type(description="What staff can read, each role its part.")
class Query(TierQuery, ReviewQuery, ProductQuery):
    pass


@strawberry.type(description="What staff can do. Each answers what changed, or a `Refusal` that says why nothing did.")
class Mutation(ReviewMutation):
    pass


@cache
def schema() -> Schema:
    return make_schema(Query, Mutation, types=(Application, Benefit, Product))


async def authenticate(token: str) -> StaffActor:
    async with reading() as db:
        actor = await staff_sessions.actor_of(db, token)
    if actor is None:
        raise Unauthenticated
    return actor
