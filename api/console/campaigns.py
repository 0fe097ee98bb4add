"""Campaigns as staff see them, and how many people an audience is."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, cast
from uuid import UUID

import strawberry

from api.console.tiers import Benefit
from api.graphql.connections import After, CountedConnection, First, listed_counted
from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.requiring import requires
from api.graphql.scalars import Money
from api.graphql.showing import Node, shows
from domain.people import staff
from domain.permissions import Permission
from infra.database import Db, transaction
from membership.benefits import Segment
from membership.campaigns import audiences, campaigns, pausing, results, sizes
from membership.campaigns.campaigns import CampaignStatus

show(
    CampaignStatus,
    "Where a campaign stands.",
    DRAFT="Written, or sent back; nobody hears of it.",
    SUBMITTED="It waits for a second person.",
    APPROVED="A second person has said yes to what is sent, to whom, for how much.",
    SCHEDULED="It begins at `startsAt`.",
    RUNNING="People are told, and can use what it grants.",
    PAUSED="Nobody is told anything more until it is resumed; what was granted stays.",
    ENDED="It is over.",
)


@shows(campaigns.CampaignMessage, description="What people read whose language this is.")
class Message:
    locale: str = strawberry.field(description="zh or en.")
    title: str = strawberry.field(description="One line.")
    body: str = strawberry.field(description="What there is, and what to do.")
    link: str | None = strawberry.field(description="Where it leads; null: to the membership.")


@shows(audiences.Audience, description="Whom a campaign is for: all four hold, and of each any one of what it names.")
class Audience:
    @strawberry.field(description="Members at one of these tiers; null: at any.")
    def tier_codes(root: strawberry.Parent[audiences.Audience]) -> list[str] | None:
        return list(root.tier_codes) or None

    @strawberry.field(description="Members who hold one of these plans; null: any or none.")
    def plan_codes(root: strawberry.Parent[audiences.Audience]) -> list[str] | None:
        return list(root.plan_codes) or None

    @strawberry.field(
        description="Members who used a benefit of one of these segments in the last 365 days; null: all."
    )
    def used_segments(root: strawberry.Parent[audiences.Audience]) -> list[Segment] | None:
        return list(root.used_segments) or None

    @strawberry.field(
        description="Members who earned no point of activity for so many days, and joined before; null: all."
    )
    def inactive_days_at_least(root: strawberry.Parent[audiences.Audience]) -> int | None:
        return root.inactive_days_at_least or None


@shows(campaigns.CampaignMove, description="A step that a campaign took.")
class CampaignStep:
    at: datetime = strawberry.field(description="When.")
    status: CampaignStatus = strawberry.field(description="What it came to.")
    comment: str = strawberry.field(description="What was said with it.")

    @strawberry.field(description="Who took it, by name; null where its time had come.")
    async def by(root: strawberry.Parent[campaigns.CampaignMove], info: Info) -> str | None:
        return await info.context.load(staff.names_of, root.by_id) if root.by_id else None


@shows(
    results.Uplift,
    description="How much more those who were told used benefits than those who were left out by lot, whoever could be reached.",
)
class Uplift:
    points: Decimal = strawberry.field(description="Of a hundred told, so many more used a benefit until the end.")
    low: Decimal = strawberry.field(description="The interval's lower end.")
    high: Decimal = strawberry.field(description="The interval's upper end.")
    confidence: Decimal = strawberry.field(description="How sure the interval is: 0.95.")
    proven: bool = strawberry.field(description="Whether the interval leaves zero out. If not, nothing is proven.")


@shows(campaigns.Campaign, description="What is told to whom, what it grants and may cost.")
class Campaign(Node):
    name: str = strawberry.field(description="What staff call it.")
    status: CampaignStatus = strawberry.field(description="Where it stands.")
    audience_size: int = strawberry.field(
        description="How many people the audience was when it was drafted, to the ten; 0 for fewer than 200."
    )
    holdout_percent: int = strawberry.field(description="How many of a hundred are left out by lot, to compare with.")
    holdout_size: int = strawberry.field(description="How many that are, to the ten.")
    created_at: datetime = strawberry.field(description="When it was drafted.")
    starts_at: datetime | None = strawberry.field(description="When it begins or began; null until scheduled.")
    ends_at: datetime | None = strawberry.field(description="When it ends or ended; null until scheduled.")
    hash: str = strawberry.field(description="Of all that is sent, to whom, for how much: who approves names it.")

    @strawberry.field(description="What its benefit may cost altogether.")
    def budget(root: strawberry.Parent[campaigns.Campaign]) -> Money:
        return cast(Money, root.budget)

    @strawberry.field(description="Whom it is for.")
    def audience(root: strawberry.Parent[campaigns.Campaign]) -> Audience:
        return cast(Audience, root.whom)

    @strawberry.field(description="What people read, one for each language.")
    def messages(root: strawberry.Parent[campaigns.Campaign]) -> list[Message]:
        return cast(list[Message], root.texts)

    @strawberry.field(description="Who drafted it, by name.")
    async def author(root: strawberry.Parent[campaigns.Campaign], info: Info) -> str:
        return cast(str, await info.context.load(staff.names_of, root.author_id))

    @requires(Permission.SEE_CAMPAIGNS)
    @strawberry.field(description="What it grants; null: it only tells.")
    async def benefit(root: strawberry.Parent[campaigns.Campaign], info: Info) -> Benefit | None:
        if root.benefit_id is None:
            return None
        return cast(Benefit, await info.context.load(campaigns.benefits_of, root.benefit_id))

    @strawberry.field(description="How many people were told so far, to the ten; 0 for fewer than 200.")
    async def sent(root: strawberry.Parent[campaigns.Campaign], info: Info) -> int:
        return (await _figures(root, info)).sent

    @strawberry.field(description="How many of its vouchers were used.")
    async def redeemed(root: strawberry.Parent[campaigns.Campaign], info: Info) -> int:
        return (await _figures(root, info)).redeemed

    @strawberry.field(description="What those have cost.")
    async def spent(root: strawberry.Parent[campaigns.Campaign], info: Info) -> Money:
        return cast(Money, (await _figures(root, info)).spent)

    @strawberry.field(description="What it brought about; null until 200 people were told and 200 left out.")
    async def uplift(root: strawberry.Parent[campaigns.Campaign], info: Info) -> Uplift | None:
        return cast(Uplift | None, await info.context.load(results.uplifts_of, root.id))

    @strawberry.field(description="What was done with it since it was drafted, oldest first.")
    async def steps(root: strawberry.Parent[campaigns.Campaign], info: Info) -> list[CampaignStep]:
        return cast(list[CampaignStep], await info.context.load(campaigns.steps_of, root.id) or [])


async def _figures(campaign: campaigns.Campaign, info: Info) -> results.CampaignFigures:
    return cast(results.CampaignFigures, await info.context.load(results.figures_of, campaign.id))


@strawberry.type(description="How many people of an audience another campaign is for too.")
class Overlap:
    other: strawberry.Private[campaigns.Campaign]
    people: int = strawberry.field(description="To the ten.")

    @requires(Permission.SEE_CAMPAIGNS)
    @strawberry.field(description="The other one, which is not over.")
    def campaign(self) -> Campaign:
        return cast(Campaign, self.other)


@strawberry.type(
    description="How many people an audience is at this moment: to the ten, none below 200. Two audiences that differ by fewer "
    "than 200 people are told as one."
)
class AudiencePreview:
    size: int = strawberry.field(description="Members who fit; 0 for fewer than 200.")
    reachable: int = strawberry.field(
        description="Those of them who want to read such news and may be told it; all where fewer than 200 may not."
    )
    overlaps: list[Overlap] = strawberry.field(
        description="Other campaigns that are for 200 or more of the same people, the newest first."
    )
    untold_overlaps: int = strawberry.field(
        description="How many other campaigns are not looked at for `overlaps`, for too many such numbers were told within a year."
    )
    counted_at: datetime | None = strawberry.field(description="When; some time ago where members are many, else now.")


@shows(pausing.CampaignPause, description="All campaigns that ran or were scheduled, paused at once.")
class PausedAll:
    campaigns: int = strawberry.field(description="How many.")
    at: datetime = strawberry.field(description="When.")
    reason: str = strawberry.field(description="Why.")

    @requires(Permission.SEE_CAMPAIGNS)
    @strawberry.field(description="Which.")
    async def stopped(root: strawberry.Parent[pausing.CampaignPause], info: Info) -> list[Campaign]:
        found = [await info.context.load(campaigns.by_ids, UUID(id)) for id in root.stopped]
        return cast(list[Campaign], found)


@strawberry.input(description="Whom a campaign is for: all four hold, and of each any one of what it names.")
class AudienceInput:
    tier_codes: list[str] | None = strawberry.field(default=None, description="Codes of tiers; none: any.")
    plan_codes: list[str] | None = strawberry.field(default=None, description="Codes of plans; none: any.")
    used_segments: list[Segment] | None = strawberry.field(
        default=None, description="Segments a benefit of which was used in the last 365 days; none: any."
    )
    inactive_days_at_least: int | None = strawberry.field(default=None, description="0 to 730.")

    async def to_audience(self, db: Db, *field: str) -> audiences.Audience:
        """Refuses INVALID, under `field`, what no audience can ask."""
        return await audiences.checked(db, **vars(self), field=field)


WhoInput = Annotated[AudienceInput, strawberry.argument(description="Whom a campaign would be for.")]


@strawberry.type
class CampaignQuery:
    @requires(Permission.SEE_CAMPAIGNS)
    @strawberry.field(description="All campaigns, the newest first.")
    async def campaigns(
        self, info: Info, first: First = None, after: After = None
    ) -> CountedConnection[Campaign] | None:
        key = [campaigns.Campaign.id]
        return await listed_counted(campaigns.all_campaigns(), key, first, after, newest_first=True)

    @requires(Permission.CHANGE_MEMBERSHIP)
    @strawberry.field(description="How many people a campaign would be for, before it is drafted.")
    async def audience(self, info: Info, input: WhoInput) -> AudiencePreview:
        async with transaction() as db:
            asked = await input.to_audience(db, "input")
            found = await sizes.tell(db, asked, await campaigns.open_audiences(db))
            known = await campaigns.by_ids(db, {*found.overlaps})
        overlaps = [Overlap(other=known[id], people=count) for id, count in found.overlaps.items()]
        return AudiencePreview(
            size=found.size,
            reachable=found.reachable,
            overlaps=overlaps,
            untold_overlaps=found.untold,
            counted_at=found.counted_at,
        )
