"""The overview: what membership came to, in a span of days."""

from datetime import date, datetime
from typing import Annotated, cast

import strawberry

from api.console.tiers import Tier
from api.graphql.context import Info
from api.graphql.requiring import requires
from api.graphql.scalars import Money
from api.graphql.showing import shows
from domain.permissions import Permission
from infra.database import reading
from membership import figures, overview


@shows(figures.TierFigures, description="A tier, and how many came to it.")
class TierCount:
    members: int = strawberry.field(description="At the end of the span.")
    change: int = strawberry.field(description="How many more there are than at its beginning; negative: fewer.")

    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="The tier as it is now.")
    async def tier(root: strawberry.Parent[figures.TierFigures], info: Info) -> Tier:
        return cast(Tier, await info.context.load(overview.by_codes, root.tier.code))


@shows(figures.FunnelFigures, description="A step on the way from registration to an agreement.")
class FunnelStep:
    name: str = strawberry.field(description="registered, linked, scored, applied, approved or accepted.")
    people: int = strawberry.field(description="How many of those who registered in the span have come so far.")


@shows(figures.DayFigures, description="A day of the span.")
class DayOverview:
    on: date = strawberry.field(description="Which.")
    joined: int = strawberry.field(description="Who became a member on it.")
    lapsed: int = strawberry.field(description="Plans that ended on it, left or not paid.")
    redemptions: int = strawberry.field(description="Benefits that were used on it.")


@shows(figures.MembershipFigures, description="What membership came to, in a span of days.")
class Overview:
    members: int = strawberry.field(description="At the end of the span.")
    joined: int = strawberry.field(description="How many became members in it.")
    lapsed: int = strawberry.field(description="How many plans ended in it, left or not paid.")
    redemptions: int = strawberry.field(description="How many benefits were used in it.")
    tiers: list[TierCount] = strawberry.field(description="All tiers, the lowest first.")
    funnel: list[FunnelStep] = strawberry.field(description="From registration to an agreement.")
    days: list[DayOverview] = strawberry.field(description="Each day, the first one first.")
    counted_at: datetime = strawberry.field(description="When; some time ago where members are many, else now.")

    @strawberry.field(description="What the benefits cost that were used in it, by the ledger.")
    def benefit_cost(root: strawberry.Parent[figures.MembershipFigures]) -> Money:
        return cast(Money, root.benefit_cost)

    @strawberry.field(description="What was paid for plans in it, less what went back, by the ledger.")
    def plan_revenue(root: strawberry.Parent[figures.MembershipFigures]) -> Money:
        return cast(Money, root.plan_revenue)


Days = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many days, 1 to {figures.DAYS_MAX}; {figures.DAYS_USUAL} if nothing is said."
    ),
]
First = Annotated[date | None, strawberry.argument(name="from", description="The first day, instead of how many.")]
Last = Annotated[date | None, strawberry.argument(name="to", description="The last day; today if nothing is said.")]


@strawberry.type
class OverviewQuery:
    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="What membership came to in the last days, or from one day to another.")
    async def overview(self, info: Info, days: Days = None, from_: First = None, to: Last = None) -> Overview:
        async with reading() as db:
            many = figures.DAYS_USUAL if days is None else days
            span = await figures.span_of(db, days=many, first=from_, last=to)
            return cast(Overview, await figures.figures_of(db, span))
