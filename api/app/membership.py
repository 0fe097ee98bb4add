"""Tier, benefits, and what is missing for the next tier."""

from datetime import datetime
from enum import StrEnum

import strawberry

from api.graphql.context import Info
from api.graphql.showing import Node, shows
from infra.ids import global_id
from infra.words import say
from membership import grants, memberships, tiers
from membership.benefits import Segment

strawberry.enum(Segment)


@shows(tiers.Tier, description="A level of membership, reached by score and activity.")
class Tier:
    code: str
    rank: int

    @strawberry.field
    def name(root: strawberry.Parent[tiers.Tier], info: Info) -> str:
        return say(root.name, info.context.locale)


@shows(memberships.Missing, description="What the next tier still asks for.")
class Missing:
    points: int
    activity: int

    @strawberry.field
    def message(root: strawberry.Parent[memberships.Missing], info: Info) -> str:
        return say(root.message, info.context.locale, **root.values)


@shows(memberships.NextTier)
class NextTier:
    tier: Tier
    missing: Missing


@shows(grants.HeldBenefit, description="What a person holds; `remaining` is null where it is unlimited.")
class Benefit(Node):
    remaining: int | None
    resets_at: datetime | None

    @strawberry.field
    def id(root: strawberry.Parent[grants.HeldBenefit]) -> strawberry.ID:
        return strawberry.ID(global_id("Benefit", root.benefit.id))

    @strawberry.field
    def name(root: strawberry.Parent[grants.HeldBenefit], info: Info) -> str:
        return say(root.benefit.name, info.context.locale)

    @strawberry.field
    def segment(root: strawberry.Parent[grants.HeldBenefit]) -> Segment:
        return root.benefit.segment


@strawberry.enum
class PlanStatus(StrEnum):
    NEEDS_PAYMENT = "NEEDS_PAYMENT"
    TRIAL = "TRIAL"
    ACTIVE = "ACTIVE"
    GRACE = "GRACE"
    LAPSED = "LAPSED"
    CANCELLED = "CANCELLED"


@strawberry.type(description="A plan that a person bought.")
class PlanSubscription(Node):
    status: PlanStatus
    valid_until: datetime | None


@shows(memberships.Membership)
class Membership:
    tier: Tier
    since: datetime
    valid_until: datetime | None
    next: NextTier | None
    benefits: list[Benefit]
    plan_subscription: PlanSubscription | None
