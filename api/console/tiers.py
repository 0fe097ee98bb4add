"""Tiers and what they grant, as marketing sees them."""

from datetime import datetime

import strawberry

from api.graphql.context import Info
from api.graphql.requiring import requires
from api.graphql.showing import Node, shows
from domain.permissions import Permission
from infra.database import reading
from infra.words import say
from membership import benefits, overview
from membership.benefits import BenefitStatus, QuotaReset, Segment

for _enum in (BenefitStatus, QuotaReset, Segment):
    strawberry.enum(_enum)


@shows(benefits.Benefit, description="What a tier or plan grants; `quota` is null where it is unlimited.")
class Benefit(Node):
    code: str
    segment: Segment
    quota: int | None
    reset: QuotaReset
    status: BenefitStatus
    version: int
    retires_at: datetime | None

    @strawberry.field
    def name(root: strawberry.Parent[benefits.Benefit], info: Info) -> str:
        return say(root.name, info.context.locale)


@shows(overview.TierOverview, description="A level of membership, and how many people are at it.")
class Tier:
    members: int
    benefits: list[Benefit]

    @strawberry.field
    def code(root: strawberry.Parent[overview.TierOverview]) -> str:
        return str(root.tier.code)

    @strawberry.field
    def name(root: strawberry.Parent[overview.TierOverview], info: Info) -> str:
        return say(root.tier.name, info.context.locale)

    @strawberry.field
    def rank(root: strawberry.Parent[overview.TierOverview]) -> int:
        return int(root.tier.rank)


@strawberry.type
class TierQuery:
    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="Lowest first.")
    async def tiers(self, info: Info) -> list[Tier]:
        async with reading() as db:
            return await overview.tiers_with_counts(db)  # type: ignore[return-value]
