"""Evaluating: which tier a member's score and activity reach. Up at once; down only after a time of grace.

One person after an event of theirs, or many after the rules changed: they are read in one statement, judged by one rule, and
whoever changes is locked, read again and written with the others, in a few statements for all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from infra import clock
from infra.database import Db
from membership import activity, grants, joining, members, moving, rules
from membership.activity import COUNTS_FOR
from membership.benefits import tier_source
from membership.members import Member, MoveReason
from membership.moving import JudgedMember, TellingTurns, TierVerdict
from membership.rules import TierRules
from membership.tiers import Tier

# `restores`: the version of rules that is taken back. Who changed under it is judged from where they stood before.
# What is beside a member is looked for by their key: a join of whole tables would read everybody for each batch.
STANDINGS = """
    SELECT member.user_id, member.tier_code, member.since, member.joined_at, member.valid_until,
           member.review_at,
           coalesce(former.tier_code, member.tier_code) AS judged_from, former.since AS former_since,
           CASE WHEN former.user_id IS NULL THEN member.valid_until ELSE former.valid_until END AS grace_until,
           coalesce((SELECT score.points FROM scorings AS scoring
                       JOIN scores AS score ON score.user_id = scoring.user_id AND score.id = scoring.score_id
                      WHERE scoring.user_id = member.user_id), 0) AS points,
           (SELECT count(*)::int FROM activities AS activity
             WHERE activity.user_id = member.user_id AND activity.occurred_at > :since) AS activity
      FROM members AS member
      LEFT JOIN LATERAL (
           SELECT * FROM former_standings AS stood
            WHERE stood.user_id = member.user_id AND stood.rules_version = :restores LIMIT 1) AS former ON true
"""
LOCKED = text(STANDINGS + "WHERE member.user_id = ANY(:user_ids) ORDER BY member.user_id FOR UPDATE OF member")
SEEN = text(STANDINGS + "WHERE member.user_id > :after AND member.user_id <= :last ORDER BY member.user_id LIMIT :most")


@dataclass(frozen=True)
class Occasion:
    """Why people are judged: `reason` of whoever moves, the version of rules that is taken back, if one is, and when whoever
    moves is told; None: now.
    """

    reason: MoveReason
    restores: int | None = None
    turns: TellingTurns | None = None


BY_MERIT = Occasion(MoveReason.REACHED)


@dataclass(frozen=True)
class Evaluated:
    """What came of some people: the last of them, how many there were, how many moved."""

    last: UUID | None
    people: int
    moved: int


def judge(held: Tier, valid_until: datetime | None, reached: Tier, grace: timedelta, now: datetime) -> TierVerdict:
    """`valid_until` is the end of a grace that began before: falling further neither shortens nor renews it."""
    if reached.rank >= held.rank:
        return TierVerdict(reached, None)
    ends = valid_until or now + grace
    return TierVerdict(held, ends) if ends > now else TierVerdict(reached, None)


async def evaluate(db: Db, user_id: UUID) -> Member:
    """Bring the member to the tier that they deserve by the live rules. Doing it again changes nothing."""
    await _join(db, user_id)
    await _change(db, [user_id], await rules.live(db), BY_MERIT)
    member = await members.locked(db, user_id)
    assert member is not None, "joining made a member, or waited for somebody who did"
    # Marketing may have given the tier a benefit since.
    await grants.hold(db, [(user_id, tier_source(member.tier_code))])
    return member


async def review(db: Db, user_id: UUID) -> None:
    """Evaluate who is a member still: a review that was planned long ago must not bring an erased person back."""
    if await members.locked(db, user_id):
        await evaluate(db, user_id)


async def evaluate_range(db: Db, after: UUID, last: UUID, most: int, occasion: Occasion) -> Evaluated:
    """Evaluate the next people of a range. Who would not change is neither locked nor written."""
    live = await rules.live(db)
    given = {"after": after, "last": last, "most": most}
    people = await _read(db, SEEN, occasion, **given)
    changing = [each.row.user_id for each in await _judge_all(db, people, live) if each.changes]
    moved = await _change(db, changing, live, occasion) if changing else 0
    return Evaluated(people[-1].user_id if people else None, len(people), moved)


async def missing_to_keep(db: Db, member: Member) -> tuple[int, int]:
    """Points and activity that the member lacks for the tier they are at; 0 where they have enough."""
    (row,) = await _read(db, LOCKED, BY_MERIT, user_ids=[member.user_id])
    rule = (await rules.live(db)).of(member.tier_code)
    assert rule is not None, "every tier has a rule"
    return max(rule.points_at_least - row.points, 0), max(rule.activity_at_least - row.activity, 0)


async def _join(db: Db, user_id: UUID) -> None:
    """A score may be known before the registration was heard of."""
    if await members.locked(db, user_id) is None:
        await joining.join(db, user_id)


async def _change(db: Db, user_ids: Sequence[UUID], live: TierRules, occasion: Occasion) -> int:
    """Lock these people, judge them as they are now, and write who changes. Answers how many moved."""
    people = await _read(db, LOCKED, occasion, user_ids=list(user_ids))
    changed = [each for each in await _judge_all(db, people, live) if each.changes]
    if changed:
        await moving.write(db, changed, live, occasion.reason, restores=occasion.restores, turns=occasion.turns)
    return sum(each.moves for each in changed)


async def _read(db: Db, statement: object, occasion: Occasion, **given: object) -> Sequence[Row[tuple[object, ...]]]:
    since = await clock.now(db) - COUNTS_FOR
    return (await db.execute(statement, {"since": since, "restores": occasion.restores or 0, **given})).all()  # type: ignore[call-overload, no-any-return]


def _grace_until(row: Row[Any], held: Tier, stands: Tier, now: datetime) -> datetime | None:
    """The end of a grace that began before. Whoever met the rules that are taken back when theirs would have ended begins anew: they
    were told of no end.
    """
    is_over = row.grace_until is not None and row.grace_until <= now
    return None if is_over and row.valid_until is None and stands.rank >= held.rank else row.grace_until


async def _judge_all(db: Db, people: Sequence[Row[tuple[object, ...]]], live: TierRules) -> list[JudgedMember]:
    now = await clock.now(db)
    reached_by = live.judge()
    rule_of = {rule.tier_code: (rule.tier, rule.grace, rule.activity_at_least) for rule in live.rules}
    verdicts = []
    for row in people:
        held, grace, _ = rule_of[row.judged_from]
        grace_until = _grace_until(row, held, rule_of[row.tier_code][0], now)
        verdicts.append(judge(held, grace_until, reached_by(row.points, row.activity), grace, now))
    needed = {
        row.user_id: least
        for row, verdict in zip(people, verdicts, strict=True)
        if verdict.valid_until is None and (least := rule_of[verdict.tier.code][2])
    }
    fewer_at = await activity.fewer_than_at(db, needed)
    return [
        JudgedMember(row, rule_of[row.tier_code][0], verdict, verdict.valid_until or fewer_at.get(row.user_id))
        for row, verdict in zip(people, verdicts, strict=True)
    ]
