"""Moving: what was judged of some people is written for all of them at once, with benefits, history and what it announces."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Row, text
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock, outbox
from infra.copying import copy_in, put_in
from infra.database import Db
from infra.entity import Entity, OwnerId
from infra.ids import new_id
from infra.privacy import Erasure, Export, Privacy
from membership import grants, hearing, members
from membership.benefits import tier_source
from membership.members import Member, MoveReason, TierMove
from membership.rules import TierRules
from membership.tiers import Tier


class FormerStanding(Entity):
    """How a member stood before they first changed under a version of the rules: what a step back restores."""

    __tablename__ = "former_standings"
    __privacy__ = Privacy(Export.INSIDE, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    rules_version: Mapped[int] = mapped_column(primary_key=True)
    tier_code: Mapped[str] = mapped_column(ForeignKey("tiers.code"))
    since: Mapped[datetime]
    valid_until: Mapped[datetime | None] = mapped_column(default=None)


REMEMBER = text("""
    INSERT INTO former_standings (user_id, rules_version, tier_code, since, valid_until)
    SELECT user_id, :version, tier_code, since, valid_until FROM members WHERE user_id = ANY(:user_ids)
        ON CONFLICT DO NOTHING
""")
FORGET = text("DELETE FROM former_standings WHERE user_id = ANY(:user_ids) AND rules_version <> :version")


@dataclass
class TellingTurns:
    """When each of many is told: one after another from `next_at` on, so that what follows crowds nobody out."""

    next_at: datetime
    apart: timedelta = timedelta(0)

    def take(self, count: int) -> list[datetime]:
        taken = [self.next_at + place * self.apart for place in range(count)]
        self.next_at += count * self.apart
        return taken


@dataclass(frozen=True)
class TierVerdict:
    """The tier that a member has from now on, and until when if they have fallen below it."""

    tier: Tier
    valid_until: datetime | None


@dataclass(frozen=True)
class JudgedMember:
    """A member as they were read, and what is to become of them. `review_at`: when time alone may move them."""

    row: Row[Any]
    held: Tier
    verdict: TierVerdict
    review_at: datetime | None

    @property
    def moves(self) -> bool:
        return bool(self.verdict.tier.code != self.row.tier_code)

    @property
    def changes(self) -> bool:
        before = self.row.valid_until, self.row.review_at
        return self.moves or before != (self.verdict.valid_until, self.review_at)

    @property
    def has_fallen(self) -> bool:
        """A grace that began before is over."""
        return self.row.valid_until is not None and self.verdict.tier.rank < self.held.rank

    @property
    def begins_to_end(self) -> bool:
        return self.verdict.valid_until is not None and self.row.valid_until is None


async def write(
    db: Db,
    changed: Sequence[JudgedMember],
    live: TierRules,
    reason: MoveReason,
    *,
    restores: int | None,
    turns: TellingTurns | None,
) -> None:
    """Write people who are locked. `restores`: the version that is taken back; the rules before are live again, so what they left
    is nothing to go back to. `turns`: when they are told; None: now.
    """
    now, ids = await clock.now(db), [each.row.user_id for each in changed]
    turns = turns or TellingTurns(now)
    given = {"user_ids": ids, "version": live.version}
    if live.replaced_id is not None and restores is None:
        await db.execute(REMEMBER, given)
        await db.execute(FORGET, given)
    await put_in(db, Member, [_columns(each, now, live.version) for each in changed])
    moved = [each for each in changed if each.moves]
    if moved:
        await grants.hold(db, [(each.row.user_id, tier_source(each.verdict.tier.code)) for each in moved])
        await grants.release(db, [(each.row.user_id, tier_source(each.row.tier_code)) for each in moved])
        await _announce(db, await _record(db, moved, live.version, reason), restores, turns)
    await _announce_ends(db, [each for each in changed if each.begins_to_end and restores is None], turns)
    planned = [each for each in changed if each.review_at is not None and each.review_at != each.row.review_at]
    about, dues = [(each.row.user_id, None) for each in planned], [each.review_at or now for each in planned]
    await outbox.announce_all(db, members.REVIEW_PLANNED, about, dues=dues)


def _columns(each: JudgedMember, now: datetime, version: int) -> dict[str, Any]:
    row, code = each.row, each.verdict.tier.code
    is_restored = row.former_since is not None and code == row.judged_from
    since = row.former_since if is_restored else now if each.moves else row.since
    return {
        "user_id": row.user_id,
        "tier_code": code,
        "since": since,
        "joined_at": row.joined_at,
        "rules_version": version,
        "valid_until": each.verdict.valid_until,
        "review_at": each.review_at,
    }


async def _record(
    db: Db, moved: Sequence[JudgedMember], version: int, reason: MoveReason
) -> list[tuple[JudgedMember, UUID]]:
    """A line of history for each, and its id."""
    now, made = await clock.now(db), [(each, new_id()) for each in moved]
    rows = [
        {
            "user_id": each.row.user_id,
            "id": id,
            "at": now,
            "from_code": each.row.tier_code,
            "to_code": each.verdict.tier.code,
            "reason": _reason(each, reason),
            "rules_version": version,
        }
        for each, id in made
    ]
    await copy_in(db, TierMove, rows)
    return made


async def _announce(
    db: Db, made: Sequence[tuple[JudgedMember, UUID]], restores: int | None, turns: TellingTurns
) -> None:
    """`tier.changed` of each; but to whoever never heard that they had moved, it is no news that they are back."""
    user_ids = [each.row.user_id for each, _ in made]
    unaware = set() if restores is None else await hearing.take_back(db, user_ids, restores)
    for user_id in unaware:
        outbox.wake(db, user_id)
    pairs = defaultdict[tuple[str, str], list[tuple[UUID, UUID | None]]](list)
    for each, id in made:
        if each.row.user_id not in unaware:
            pairs[each.row.tier_code, each.verdict.tier.code].append((each.row.user_id, id))
    for (left, reached), about in pairs.items():
        dues = turns.take(len(about))
        await outbox.announce_all(db, members.TIER_CHANGED, about, dues=dues, from_tier=left, to_tier=reached)


def _reason(each: JudgedMember, reason: MoveReason) -> MoveReason:
    """Who was in grace already has lost the tier by its end, whoever came to look."""
    return MoveReason.GRACE_ENDED if each.has_fallen and reason is not MoveReason.ROLLED_BACK else reason


async def _announce_ends(db: Db, ending: Iterable[JudgedMember], turns: TellingTurns) -> None:
    by_tier = defaultdict[str, list[tuple[UUID, UUID | None]]](list)
    for each in ending:
        by_tier[each.verdict.tier.code].append((each.row.user_id, None))
    for code, about in by_tier.items():
        await outbox.announce_all(db, members.TIER_ENDING, about, dues=turns.take(len(about)), tier=code)
