"""Member: a person at a tier, and the history of how they came there."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.events import declare
from infra.privacy import Erasure, Export, Privacy
from infra.records import Record
from infra.revisions import Raised, raises
from infra.words import N_

MEMBER_JOINED = declare("member.joined", to_tier=str)
TIER_CHANGED = declare("tier.changed", from_tier=str, to_tier=str)
REVIEW_PLANNED = declare("member.review_planned")
TIER_ENDING = declare("tier.ending", tier=str)


class MoveReason(StrEnum):
    JOINED = "JOINED"
    REACHED = "REACHED"
    GRACE_ENDED = "GRACE_ENDED"
    RULES_CHANGED = "RULES_CHANGED"
    ROLLED_BACK = "ROLLED_BACK"


WHY: dict[str, str] = {
    MoveReason.JOINED: N_("Became a member."),
    MoveReason.REACHED: N_("Reached the points and activity of the tier."),
    MoveReason.GRACE_ENDED: N_("Below the points or activity of the tier until the grace period ended."),
    MoveReason.RULES_CHANGED: N_("What the tiers ask for was changed."),
    MoveReason.ROLLED_BACK: N_("A change of what the tiers ask for was taken back."),
}


@raises(Raised.OWNERS)
class Member(Entity):
    """`valid_until`: the end of grace, for whoever has fallen below the tier. `review_at`: when time alone may move them.
    `rules_version`: by which rules they came to stand so.
    """

    __tablename__ = "members"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    tier_code: Mapped[str] = mapped_column(ForeignKey("tiers.code"), index=True)
    since: Mapped[datetime]  # at this tier
    joined_at: Mapped[datetime]
    rules_version: Mapped[int]
    valid_until: Mapped[datetime | None] = mapped_column(default=None)
    review_at: Mapped[datetime | None] = mapped_column(default=None)


@raises(Raised.OWNERS)
class TierMove(Entity):
    """Never changed. `from_code` None: the person joined."""

    __tablename__ = "tier_moves"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)
    __record__ = Record()

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    at: Mapped[datetime]
    from_code: Mapped[str | None] = mapped_column(ForeignKey("tiers.code"))
    to_code: Mapped[str] = mapped_column(ForeignKey("tiers.code"))
    reason: Mapped[str]  # a MoveReason, or one that a later house knows
    rules_version: Mapped[int]

    __table_args__ = (Index(None, "at"),)


async def locked(db: Db, user_id: UUID) -> Member | None:
    """The member as they are now; nobody else changes them until this transaction ends."""
    mine = select(Member).where(Member.user_id == user_id).with_for_update()
    return (await db.execute(mine.execution_options(populate_existing=True))).scalar_one_or_none()


async def record_move(db: Db, member: Member, left: str | None, reason: MoveReason, rules_version: int) -> TierMove:
    done = TierMove(
        user_id=member.user_id,
        at=member.since,
        from_code=left,
        to_code=member.tier_code,
        reason=reason,
        rules_version=rules_version,
    )
    db.add(done)
    await db.flush()
    return done
