"""Joining: everybody who registers is a member, at the lowest tier."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from infra import clock, outbox
from infra.database import Db
from membership import coming_back, grants, members, rules
from membership.benefits import tier_source
from membership.members import Member, MoveReason


async def join(db: Db, user_id: UUID) -> None:
    """Make the person a member with the benefits of the lowest tier, and announce `member.joined`. Twice is once."""
    live, now = await rules.live(db), await clock.now(db)
    lowest = live.ladder[0].tier
    row = insert(Member).values(
        user_id=user_id, tier_code=lowest.code, since=now, joined_at=now, rules_version=live.version
    )
    joined = (await db.execute(row.on_conflict_do_nothing().returning(Member))).scalar_one_or_none()
    if joined is None:
        return
    await grants.hold(db, [(user_id, tier_source(lowest.code))])
    await coming_back.find_spent(db, user_id, now)
    await members.record_move(db, joined, None, MoveReason.JOINED, live.version)
    await outbox.announce(db, members.MEMBER_JOINED, user_id=user_id, to_tier=lowest.code)
