"""A working day at the console: an opaque token, kept as a hash, for eight hours or until it is ended."""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, select, update
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import StaffActor
from domain.people.staff import Staff
from infra import clock
from infra.database import Db
from infra.entity import Entity
from infra.lifecycle import Lifecycle, Move
from infra.privacy import Erasure, Export, Privacy

LASTS = timedelta(hours=8)


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


async def begin(db: Db, member: Staff, place: bytes | None = None) -> tuple[str, datetime]:
    """The token, which is not kept, and when it is over."""
    token, now = secrets.token_urlsafe(32), await clock.now(db)
    session = StaffSession(
        token_hash=_hash(token), staff_id=member.id, created_at=now, expires_at=now + LASTS, place=place
    )
    db.add(session)
    await db.flush()
    return token, session.expires_at


async def actor_of(db: Db, token: str) -> StaffActor | None:
    """The member of staff behind a token that is neither over nor ended, in the role they have today."""
    live = (StaffSession.token_hash == _hash(token), Staff.dismissed_at.is_(None), *await _is_live(db))
    found = select(Staff.id, Staff.role).join(StaffSession, StaffSession.staff_id == Staff.id).where(*live)
    row = (await db.execute(found)).one_or_none()
    return StaffActor(staff_id=row.id, role=row.role) if row else None


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
    # The token is 256 random bits, so a bare hash of it cannot be searched.
    return hashlib.sha256(token.encode()).digest()
