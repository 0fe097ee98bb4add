"""Tiers and what they grant, as marketing sees them."""

from datetime import datetime
from typing import cast

import strawberry

from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.requiring import requires
from api.graphql.scalars import Money
from api.graphql.showing import Node, shows
from domain.permissions import Permission
from infra.database import reading
from infra.words import say
from membership import benefits, overview
from membership.benefits import BenefitStatus, QuotaCycle, QuotaReset, Segment

show(
    BenefitStatus,
    "Whether people get a benefit.",
    DRAFT="Not yet.",
    LIVE="Yes.",
    RETIRING="Nobody gets it any more; whoever has it keeps it until `retiresAt`.",
    RETIRED="Nobody has it any more.",
)
show(
    QuotaCycle,
    "Where months and years of a quota begin.",
    CALENDAR="With those of the calendar.",
    ANNIVERSARY="On the day of the month or year on which the person became a member.",
)


@shows(benefits.Benefit, description="Something that a tier or plan grants.")
class Benefit(Node):
    code: str = strawberry.field(description="Its permanent name.")
    segment: Segment = strawberry.field(description="What part of life it is for.")
    quota: int | None = strawberry.field(
        description="How often it can be used between two resets; null: as often as one likes."
    )
    reset: QuotaReset = strawberry.field(description="When the quota begins anew.")
    status: BenefitStatus = strawberry.field(description="Whether people get it.")
    version: int = strawberry.field(description="1 at first, one more with each change.")
    cycle: QuotaCycle = strawberry.field(description="Whose months and years count.")
    retires_at: datetime | None = strawberry.field(description="Until when people keep it; null unless RETIRING.")

    @strawberry.field(description="What one use costs us.")
    def unit_cost(root: strawberry.Parent[benefits.Benefit]) -> Money:
        return cast(Money, root.unit_cost)

    @strawberry.field(description="What one use saves the person.")
    def member_value(root: strawberry.Parent[benefits.Benefit]) -> Money:
        return cast(Money, root.member_value)

    @strawberry.field(description="Codes of the tiers that grant it now.")
    async def tier_codes(root: strawberry.Parent[benefits.Benefit], info: Info) -> list[str]:
        return _codes(await info.context.load(benefits.sources_of, root.id), benefits.TIER)

    @strawberry.field(description="Codes of the plans that grant it now.")
    async def plan_codes(root: strawberry.Parent[benefits.Benefit], info: Info) -> list[str]:
        return _codes(await info.context.load(benefits.sources_of, root.id), benefits.PLAN)

    @strawberry.field(description="What people read, in the reader's language.")
    def name(root: strawberry.Parent[benefits.Benefit], info: Info) -> str:
        return say(root.name, info.context.locale)


def _codes(sources: list[str] | None, kind: str) -> list[str]:
    """Of a plan whatever its version is."""
    return [source.removeprefix(kind).partition(":")[0] for source in sources or [] if source.startswith(kind)]


@shows(overview.TierOverview, description="A level of membership, and how many people are at it.")
class Tier:
    benefits: list[Benefit] = strawberry.field(description="What it grants.")

    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="How many people are at it.")
    async def members(root: strawberry.Parent[overview.TierOverview], info: Info) -> int:
        return cast(int, await info.context.load(overview.members_at, root.tier.code))

    @strawberry.field(description="Its permanent name.")
    def code(root: strawberry.Parent[overview.TierOverview]) -> str:
        return str(root.tier.code)

    @strawberry.field(description="What people read, in the reader's language.")
    def name(root: strawberry.Parent[overview.TierOverview], info: Info) -> str:
        return say(root.tier.name, info.context.locale)

    @strawberry.field(description="1 is the lowest; a higher tier has a higher rank.")
    def rank(root: strawberry.Parent[overview.TierOverview]) -> int:
        return int(root.tier.rank)


@strawberry.type
class TierQuery:
    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="All tiers, the lowest first.")
    async def tiers(self, info: Info) -> list[Tier]:
        async with reading() as db:
            return await overview.all_tiers(db)  # type: ignore[return-value]
