"""Tiers and what they grant, as marketing sees them."""

from datetime import datetime
from typing import Any

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
    def name(self: Any, info: Info) -> str:
        return say(self.name, info.context.locale)


@shows(overview.TierOverview, description="A level of membership, and how many people are at it.")
class Tier:
    members: int
    benefits: list[Benefit]

    @strawberry.field
    def code(self: Any) -> str:
        return str(self.tier.code)

    @strawberry.field
    def name(self: Any, info: Info) -> str:
        return say(self.tier.name, info.context.locale)

    @strawberry.field
    def rank(self: Any) -> int:
        return int(self.tier.rank)


@strawberry.type
class TierQuery:
    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="Lowest first.")
    async def tiers(self, info: Info) -> list[Tier]:
        async with reading() as db:
            return await overview.tiers_with_counts(db)  # type: ignore[return-value]
