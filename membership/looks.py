"""Look: a member of the staff opens one person's membership, for a reason that is kept; the person can read that they did."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import StaffActor
from domain.consent import lookups
from domain.consent.lookups import Lookup, LookupAnswer, LookupKind
from domain.people import phones, users
from domain.permissions import Permission
from infra import clock, counters, texts, vault
from infra.counters import Use
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.errors import Refusal, RefusalCode
from infra.ids import new_id
from infra.privacy import Erasure, Export, Privacy
from infra.records import Record
from infra.setting_parts import Rate
from infra.words import N_
from membership.members import Member, TierMove

REASON = "member_looks.reason"
REASON_LENGTH_MAX = 200
LASTS = timedelta(hours=1)  # so long one reason opens the same person
PER_STAFF = Rate(times=100, seconds=86_400)  # numbers, whoever has them or not: nobody goes through all that there are


class MemberLook(Entity):
    """`reason_sealed`: why, in the words of whoever looked."""

    __tablename__ = "member_looks"
    __privacy__ = Privacy(Export.INSIDE, Erasure.DELETED)
    __record__ = Record()

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    staff_id: Mapped[UUID]
    at: Mapped[datetime]
    reason_sealed: Mapped[bytes]

    __table_args__ = (Index(None, "staff_id", "at"),)


async def look(db: Db, actor: StaffActor, *, phone: str, reason: str) -> Member | None:
    """The member of this number; None where nobody has it, as what is no number. Refuses INVALID no reason, NOT_ALLOWED, and
    RATE_LIMITED.
    """
    actor.require(Permission.LOOK_AT_MEMBERS)
    said = texts.line(reason, REASON_LENGTH_MAX, ("purpose",))
    if retry_at := await counters.take(db, [Use(PER_STAFF, "member-looks", str(actor.staff_id))]):
        sentence = N_("You have looked for so many people today. Go on tomorrow.")
        raise Refusal(RefusalCode.RATE_LIMITED, sentence, retry_at=retry_at)
    number = _number(phone)
    user = await users.find_by_phone(db, phones.index(number)) if number else None
    member = await db.get(Member, user.id) if user else None
    if member is not None:
        await _keep(db, actor, member.user_id, said)
    return member


async def opened_by(db: Db, actor: StaffActor, ids: set[UUID]) -> Mapping[UUID, Member]:
    """Find those of these people whom this member of the staff has given a reason for, within the hour."""
    since = await clock.now(db) - LASTS
    theirs = select(MemberLook.user_id).where(
        MemberLook.user_id.in_(ids), MemberLook.staff_id == actor.staff_id, MemberLook.at > since
    )
    found = await db.execute(select(Member).where(Member.user_id.in_(theirs)))
    return {member.user_id: member for member in found.scalars()}


async def moves_of(db: Db, user_ids: set[UUID]) -> dict[UUID, list[TierMove]]:
    """How each came to their tier, the oldest move first."""
    theirs = select(TierMove).where(TierMove.user_id.in_(user_ids)).order_by(TierMove.at, TierMove.id)
    found: dict[UUID, list[TierMove]] = {}
    for move in (await db.execute(theirs)).scalars():
        found.setdefault(move.user_id, []).append(move)
    return found


def _number(text: str) -> str | None:
    try:
        return phones.parse(text)
    except Refusal:
        return None


async def _keep(db: Db, actor: StaffActor, user_id: UUID, reason: str) -> None:
    sealed = (await vault.seal_of(db, user_id)).close(reason, REASON)
    kept = MemberLook(user_id=user_id, staff_id=actor.staff_id, at=await clock.now(db), reason_sealed=sealed)
    db.add(kept)
    await lookups.keep(
        db,
        Lookup(
            user_id=user_id,
            id=new_id(),
            at=kept.at,
            kind=LookupKind.MEMBERSHIP,
            subject_id=kept.id,
            answer=LookupAnswer.REPORT,
            staff_id=actor.staff_id,
        ),
    )
    await db.flush()
