"""One member's story: their tier, how they came to it, and what they hold. Whoever looks says why."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

from api.console.tiers import Benefit, Tier
from api.graphql.context import Context, Info
from api.graphql.requiring import requires
from api.graphql.showing import Node, shows
from domain.people import users
from domain.permissions import Permission
from infra.database import reading, transact
from infra.ids import global_id
from infra.words import say
from membership import grants, looks, members, overview
from membership.members import WHY


@shows(members.TierMove, description="A move from one tier to another.")
class TierMove:
    at: datetime = strawberry.field(description="When.")

    @requires(Permission.SEE_TIERS)
    @strawberry.field(name="from", description="The tier that was left; null where the person joined.")
    async def from_(root: strawberry.Parent[members.TierMove], info: Info) -> Tier | None:
        return cast(Tier | None, root.from_code and await info.context.load(overview.by_codes, root.from_code))

    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="The tier that was reached.")
    async def to(root: strawberry.Parent[members.TierMove], info: Info) -> Tier:
        return cast(Tier, await info.context.load(overview.by_codes, root.to_code))

    @strawberry.field(description="Why, in words.")
    def reason(root: strawberry.Parent[members.TierMove], info: Info) -> str:
        return say(WHY.get(root.reason, root.reason), info.context.locale)


@shows(grants.HeldBenefit, description="A benefit that the person holds.")
class HeldBenefit:
    remaining: int | None = strawberry.field(
        description="How often it may still be used now; null: as often as one likes."
    )

    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="The benefit.")
    def benefit(root: strawberry.Parent[grants.HeldBenefit]) -> Benefit:
        return cast(Benefit, root.benefit)


@shows(members.Member, description="A member, without what would name them. They can read that somebody looked.")
class Member(Node):
    since: datetime | None = strawberry.field(description="Since when they are at their tier.")
    valid_until: datetime | None = strawberry.field(
        description="When their time of grace ends; null for whoever meets what the tier asks."
    )

    @strawberry.field(description="Permanent and opaque; `node` finds it for an hour after a reason was given.")
    def id(root: strawberry.Parent[members.Member]) -> strawberry.ID:
        return strawberry.ID(global_id("Member", root.user_id))

    @strawberry.field(description="Their number with its middle left out.")
    async def masked_phone(root: strawberry.Parent[members.Member], info: Info) -> str:
        return cast(str, await info.context.load(users.masked_phones, root.user_id) or "")

    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="Their tier.")
    async def tier(root: strawberry.Parent[members.Member], info: Info) -> Tier | None:
        return cast(Tier | None, await info.context.load(overview.by_codes, root.tier_code))

    @strawberry.field(description="How they came to it, the oldest move first.")
    async def history(root: strawberry.Parent[members.Member], info: Info) -> list[TierMove]:
        return cast(list[TierMove], await info.context.load(looks.moves_of, root.user_id) or [])

    @strawberry.field(description="What they hold.")
    async def benefits(root: strawberry.Parent[members.Member], info: Info) -> list[HeldBenefit]:
        return cast(list[HeldBenefit], await info.context.load(grants.held_by, root.user_id) or [])


async def find_opened(context: Context, ids: set[UUID]) -> Mapping[UUID, Any]:
    """Find whom the asker has given a reason for."""
    async with reading() as db:
        return await looks.opened_by(db, context.staff, ids)


@strawberry.type
class MemberQuery:
    @requires(Permission.LOOK_AT_MEMBERS)
    @strawberry.field(
        description="One member, found by their number; null where nobody has it, as what is no number. Each look is kept with its reason."
    )
    async def member(
        self,
        info: Info,
        phone: Annotated[str, strawberry.argument(description="E.164, as +8613800138000.")],
        purpose: Annotated[
            str, strawberry.argument(description="Why you look: one line of up to 200 characters, which is kept.")
        ],
    ) -> Member | None:
        actor = info.context.staff
        return cast(Member | None, await transact(lambda db: looks.look(db, actor, phone=phone, reason=purpose)))
