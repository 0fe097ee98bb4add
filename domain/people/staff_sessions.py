"""A working day at the console: an opaque token, kept as a hash, for eight hours or until it is ended."""

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, bindparam, select, update
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import KnownActor, MemberActor, StaffActor
from domain.people.staff import Staff
from infra import clock, revisions, vault
from infra.database import Db
from infra.entity import Entity
from infra.lifecycle import Lifecycle, Move
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.revisions import EVERYBODY

LASTS = timedelta(hours=8)
RANDOM_BYTES, MAC_BYTES = 24, 24


class StaffSessionState(StrEnum):
    LIVE = "LIVE"
    ENDED = "ENDED"


LIFE = Lifecycle(
    "Staff session",
    Move([StaffSessionState.LIVE], StaffSessionState.ENDED),
    begins=StaffSessionState.LIVE,
    ends=[StaffSessionState.ENDED],
    lapses={StaffSessionState.LIVE: "expires_at"},
)


class StaffSession(Entity):
    __tablename__ = "staff_sessions"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    place: Mapped[bytes | None] = mapped_column(default=None)  # the network that it began in, as `places` marks it

    __table_args__ = (Index(None, "expires_at"),)


async def begin(db: Db, member: Staff, place: bytes | None = None) -> tuple[str, datetime]:
    """The token, which is not kept, and when it is over."""
    token, now = _new_token(member), await clock.now(db)
    session = StaffSession(
        token_hash=_hash(token), staff_id=member.id, created_at=now, expires_at=now + LASTS, place=place
    )
    db.add(session)
    await db.flush()
    return token, session.expires_at


def _new_token(member: Staff) -> str:
    body = member.id.bytes + secrets.token_bytes(RANDOM_BYTES)
    return base64.urlsafe_b64encode(body + _proof(body)).rstrip(b"=").decode()


def owner_of(token: str) -> UUID | None:
    """Who was given this token, though it may be over; None where we never made it."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return None
    body, proof = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    is_ours = len(body) == 16 + RANDOM_BYTES and hmac.compare_digest(_proof(body), proof)
    return UUID(bytes=body[:16]) if is_ours else None


def _proof(body: bytes) -> bytes:
    return vault.mac("staff-token", body)[:MAC_BYTES]


_LIVE = Question(
    lambda: (
        select(clock.EXACTLY_NOW, revisions.revision_of(EVERYBODY), Staff.id, Staff.role, Staff.partner_id)
        .join(StaffSession, StaffSession.staff_id == Staff.id)
        .where(StaffSession.token_hash == bindparam("token_hash"), StaffSession.ended_at.is_(None))
        .where(StaffSession.expires_at > clock.EXACTLY_NOW, Staff.dismissed_at.is_(None))
    )
)


async def find_member(token: str) -> KnownActor[StaffActor] | None:
    """The member of staff behind a token that is neither over nor ended, in the role they have today."""
    for at, everybodys, staff_id, role, _ in await _LIVE.ask(token_hash=_hash(token)):
        if role is not None:
            return KnownActor(StaffActor(staff_id=staff_id, role=role), at, everybodys)
    return None


async def find_partners_member(token: str) -> MemberActor | None:
    """Whoever of a partner's staff is behind a token that is neither over nor ended."""
    for _, _, staff_id, _, partner_id in await _LIVE.ask(token_hash=_hash(token)):
        if partner_id is not None:
            return MemberActor(staff_id=staff_id, partner_id=partner_id)
    return None


async def end_all(db: Db, member: Staff) -> None:
    mine = update(StaffSession).where(StaffSession.staff_id == member.id, StaffSession.ended_at.is_(None))
    await db.execute(mine.values(ended_at=await clock.now(db)))


async def end(db: Db, token: str) -> bool:
    """False where there was no such session to end."""
    live = (StaffSession.token_hash == _hash(token), *await _is_live(db))
    ended = update(StaffSession).where(*live).values(ended_at=await clock.now(db)).returning(StaffSession.staff_id)
    return (await db.execute(ended)).scalar_one_or_none() is not None


async def _is_live(db: Db) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return StaffSession.ended_at.is_(None), StaffSession.expires_at > await clock.now(db)


def _hash(token: str) -> bytes:
    # The token has 192 random bits, so a bare hash of it cannot be searched.
    return hashlib.sha256(token.encode()).digest()
