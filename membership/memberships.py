"""Membership: what a person sees of their tier, what they hold, and what is missing for more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from domain.credit import scores
from domain.credit.scores import Score, Scoring
from infra.database import Db
from infra.loaders import ANY_KEY, loader
from infra.questions import Question
from infra.words import N_
from membership import activity, grants, rules, tiers
from membership.grants import HeldBenefit, Holding
from membership.members import Member
from membership.plans import subscriptions
from membership.plans.subscriptions import PlanSubscription
from membership.rules import TierRules
from membership.tiers import Tier

NO_SCORE = N_("The next tier begins at {points} points. Link an account to get your score.")
POINTS = N_("Points still needed for the next tier: {points}.")
ACTIVITY = N_("Orders, repayments on time or benefits used that are still needed for the next tier: {activity}.")
BOTH = N_("Still needed for the next tier: points {points}; orders, repayments on time or benefits used {activity}.")
NOTHING = N_("You have reached the next tier. It will be yours in a moment.")


@dataclass(frozen=True)
class Missing:
    """`message` is a msgid that `values` fill in."""

    points: int
    activity: int
    message: str
    values: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class NextTier:
    tier: Tier
    missing: Missing


@dataclass(frozen=True)
class Membership:
    """`valid_until`: the tier ends then unless its rule is met again. None: it is met."""

    tier: Tier
    since: datetime
    valid_until: datetime | None
    next: NextTier | None
    benefits: list[HeldBenefit]
    plan_subscription: PlanSubscription | None = None


_MEMBERS = Question(lambda: select(Member).where(Member.user_id == ANY_KEY))


@loader(scores.SCORINGS, activity.COUNTS, grants.HOLDINGS, _MEMBERS, subscriptions.NEWEST)
async def memberships_of(
    db: Db | None,
    user_ids: set[UUID],
    now: datetime,
    concluded: list[tuple[Scoring, Score | None]],
    active: list[tuple[UUID, int, datetime]],
    granted: list[Holding],
    members: list[tuple[Member]],
    bought: list[tuple[PlanSubscription]],
) -> dict[UUID, Membership]:
    """The membership of each of these people; who has not joined is missing."""
    live = await rules.recall(db)
    tier_of = {tier.code: tier for tier in await tiers.recall(db)}
    scorings = await scores.scorings_of.answer(db, user_ids, now, concluded)
    counts = await activity.counts_of.answer(db, user_ids, now, active)
    plans = {subscription.user_id: subscription for (subscription,) in bought}
    held = await grants.held_by.answer(db, user_ids, now, granted)
    return {
        member.user_id: Membership(
            tier=tier_of[member.tier_code],
            since=member.since,
            valid_until=member.valid_until,
            next=_next(
                live, tier_of[member.tier_code], _points(scorings.get(member.user_id)), counts.get(member.user_id, 0)
            ),
            benefits=held.get(member.user_id, []),
            plan_subscription=plans.get(member.user_id),
        )
        for (member,) in members
    }


def _points(scoring: tuple[Scoring, Score | None] | None) -> int | None:
    return scoring[1].points if scoring and scoring[1] else None


def _next(live: TierRules, tier: Tier, points: int | None, activity_points: int) -> NextTier | None:
    rule = live.above(tier)
    if rule is None:
        return None
    more_points = max(rule.points_at_least - (points or 0), 0)
    more_activity = max(rule.activity_at_least - activity_points, 0)
    message = _sentence(more_points, more_activity, has_score=points is not None)
    values = {"points": more_points, "activity": more_activity}
    return NextTier(rule.tier, Missing(more_points, more_activity, message, values))


def _sentence(points: int, more_activity: int, *, has_score: bool) -> str:
    if points and not has_score:
        return NO_SCORE
    if points and more_activity:
        return BOTH
    if points or more_activity:
        return POINTS if points else ACTIVITY
    return NOTHING
