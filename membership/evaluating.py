"""Evaluating: which tier a member's score and activity reach. Up at once; down only after a time of grace."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.credit import scores
from infra import clock, outbox
from infra.database import Db
from membership import activity, grants, joining, members, rules, tiers
from membership.benefits import tier_source
from membership.members import Member, MoveReason
from membership.rules import TierRules
from membership.tiers import Tier


@dataclass(frozen=True)
class TierVerdict:
    """The tier that a member has from now on, and until when if they have fallen below it."""

    tier: Tier
    valid_until: datetime | None


def judge(held: Tier, valid_until: datetime | None, reached: Tier, grace: timedelta, now: datetime) -> TierVerdict:
    """`valid_until` is the end of a grace that began before: falling further neither shortens nor renews it."""
    if reached.rank >= held.rank:
        return TierVerdict(reached, None)
    ends = valid_until or now + grace
    return TierVerdict(held, ends) if ends > now else TierVerdict(reached, None)


async def evaluate(db: Db, user_id: UUID) -> Member:
    """Bring the member to the tier that they deserve by the live rules. Doing it again changes nothing."""
    member = await _joined(db, user_id)
    live = await rules.live(db)
    held = (await tiers.tiers_by_code(db))[member.tier_code]
    verdict = judge(
        held, member.valid_until, await _reached(db, user_id, live), _grace(live, held), await clock.now(db)
    )
    if verdict.tier.code == held.code:
        # Marketing may have given the tier a benefit since.
        await grants.hold(db, user_id, tier_source(held.code))
    else:
        reason = MoveReason.REACHED if verdict.tier.rank > held.rank else MoveReason.GRACE_ENDED
        await members.move(db, member, verdict.tier, reason, live.version)
    if verdict.valid_until is not None and member.valid_until is None:
        await outbox.announce(db, members.TIER_ENDING, user_id=user_id, tier=member.tier_code)
    member.valid_until, member.rules_version = verdict.valid_until, live.version
    await _plan_review(db, member, live)
    return member


async def review(db: Db, user_id: UUID) -> None:
    """Evaluate who is a member still: a review that was planned long ago must not bring an erased person back."""
    if await members.locked(db, user_id):
        await evaluate(db, user_id)


async def _joined(db: Db, user_id: UUID) -> Member:
    """The member, locked. A score may be known before the registration was heard of."""
    member = await members.locked(db, user_id)
    if member is None:
        await joining.join(db, user_id)
        member = await members.locked(db, user_id)
    assert member is not None, "joining made a member, or waited for somebody who did"
    return member


async def _reached(db: Db, user_id: UUID, live: TierRules) -> Tier:
    score = await scores.current(db, user_id)
    counts = await activity.counts_of(db, {user_id})
    return live.reached_by(score.points if score else 0, counts.get(user_id, 0))


def _grace(live: TierRules, held: Tier) -> timedelta:
    rule = live.of(held.code)
    return rule.grace if rule else timedelta(0)


async def _plan_review(db: Db, member: Member, live: TierRules) -> None:
    """Be woken when time alone may move the member: when their grace ends, or too much of their activity is a year old."""
    rule = live.of(member.tier_code)
    needed = rule.activity_at_least if rule else 0
    review_at = member.valid_until or await activity.fewer_than_at(db, member.user_id, needed)
    if review_at is not None and review_at != member.review_at:
        await outbox.announce(db, members.REVIEW_PLANNED, user_id=member.user_id, due_at=review_at)
    member.review_at = review_at
