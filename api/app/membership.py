"""Tier, benefits, and what is missing for the next tier."""

from datetime import datetime

import strawberry

from api.app.plans import PlanSubscription
from api.graphql.context import Info
from api.graphql.showing import Node, shows
from infra.ids import global_id
from infra.words import say
from membership import grants, memberships, tiers
from membership.benefits import Segment


@shows(tiers.Tier, description="A level of membership, reached by score and activity.")
class Tier:
    code: str = strawberry.field(description="Its permanent name.")
    rank: int = strawberry.field(description="1 is the lowest; a higher tier has a higher rank.")

    @strawberry.field(description="What to call it, in the language that was asked for.")
    def name(root: strawberry.Parent[tiers.Tier], info: Info) -> str:
        return say(root.name, info.context.locale)


@shows(memberships.Missing, description="What the next tier still asks for.")
class Missing:
    points: int = strawberry.field(description="Points of the score that are missing; 0 where enough.")
    activity: int = strawberry.field(
        description="Activity points that are missing: redemptions, repayments on time and orders of the last 365 days."
    )

    @strawberry.field(description="The same as a sentence for the person.")
    def message(root: strawberry.Parent[memberships.Missing], info: Info) -> str:
        return say(root.message, info.context.locale, **root.values)


@shows(memberships.NextTier, description="The tier above, and the way there.")
class NextTier:
    tier: Tier = strawberry.field(description="The tier above.")
    missing: Missing = strawberry.field(description="What is missing for it.")


@shows(grants.HeldBenefit, description="Something that the person's tier or plan grants.")
class Benefit(Node):
    remaining: int | None = strawberry.field(description="How often it can still be used; null: as often as one likes.")
    resets_at: datetime | None = strawberry.field(description="When `remaining` begins anew; null where it never does.")

    @strawberry.field(description="Of the benefit, so it is the same for everybody; `remaining` is this person's.")
    def id(root: strawberry.Parent[grants.HeldBenefit]) -> strawberry.ID:
        return strawberry.ID(global_id("Benefit", root.benefit.id))

    @strawberry.field(description="What to call it, in the language that was asked for.")
    def name(root: strawberry.Parent[grants.HeldBenefit], info: Info) -> str:
        return say(root.benefit.name, info.context.locale)

    @strawberry.field(description="What part of life it is for.")
    def segment(root: strawberry.Parent[grants.HeldBenefit]) -> Segment:
        return root.benefit.segment


@shows(memberships.Membership, description="The person's tier and what it grants.")
class Membership:
    tier: Tier = strawberry.field(description="The person's level.")
    since: datetime = strawberry.field(description="Since when the person is at this level.")
    valid_until: datetime | None = strawberry.field(
        description="When it ends unless its conditions are met again; null while they are met."
    )
    next: NextTier | None = strawberry.field(description="The tier above; null at the highest.")
    benefits: list[Benefit] = strawberry.field(description="What the person holds now.")
    plan_subscription: PlanSubscription | None = strawberry.field(description="The bought plan; null without one.")
