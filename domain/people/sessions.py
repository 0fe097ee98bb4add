"""Session: a signed-in device, and its one family of refresh tokens."""

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from domain.people import places
from domain.people.places import KnownDevice
from infra import clock, outbox, tokens, vault
from infra.database import Db, transaction
from infra.entity import Entity, Id, OwnerId
from infra.errors import Refusal, RefusalCode
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.privacy import Erasure, Export, Privacy
from infra.settings import settings
from infra.words import DEFAULT_LOCALE, N_, Locale

DEVICE = "sessions.device_name"
AUDIENCE = "longan:app"
BEGUN = declare("session.begun", locale=str)
REUSED, ENDED = declare("session.reused"), declare("session.ended")
MAC_BYTES = 24


class SessionState(StrEnum):
    LIVE = "LIVE"
    ENDED = "ENDED"


LIFE = Lifecycle(
    "Session",
    Move([SessionState.LIVE], SessionState.ENDED, ENDED),
    begins=SessionState.LIVE,
    event=BEGUN,
    ends=[SessionState.ENDED],
    lapses={SessionState.LIVE: "expires_at"},
)


KEPT = timedelta(days=366)  # that one is over; then nothing says any more that it was there


class Session(Entity):
    """Tokens are derived from (id, generation), so none is stored. A generation counts as used at its first request."""

    __tablename__ = "sessions"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED, secrets=("renewal_key",))

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    device_name_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    renewed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    generation: Mapped[int] = mapped_column(default=0)
    used_generation: Mapped[int] = mapped_column(default=-1)
    renewal_key: Mapped[str | None] = mapped_column(default=None)
    # The network that it was renewed from, as `places` marks it.
    place: Mapped[bytes | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    stepped_up_until: Mapped[datetime | None] = mapped_column(default=None)
    proven_at: Mapped[datetime | None] = mapped_column(default=None)  # it began with more than a code
    recovering_until: Mapped[datetime | None] = mapped_column(
        default=None
    )  # it began without a factor, which ends then

    __table_args__ = (
        Index("ix_sessions_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
        Index("ix_sessions_expires_at", "expires_at"),
    )

    @property
    def state(self) -> SessionState:
        return SessionState.LIVE if self.ended_at is None else SessionState.ENDED

    @property
    def access_expires_at(self) -> datetime:
        return self.renewed_at + timedelta(minutes=settings().access_minutes)

    @property
    def access_token(self) -> str:
        claims = {
            "sub": str(self.user_id),
            "sid": str(self.id),
            "gen": self.generation,
            "iat": int(self.renewed_at.timestamp()),
            "exp": int(self.access_expires_at.timestamp()),
        }
        return tokens.issue(AUDIENCE, claims)

    @property
    def refresh_token(self) -> str:
        body = self.user_id.bytes + self.id.bytes + self.generation.to_bytes(4)
        return base64.urlsafe_b64encode(body + vault.mac("refresh", body)[:MAC_BYTES]).rstrip(b"=").decode()

    @property
    def device_token(self) -> str:
        return places.device_token(KnownDevice(self.user_id, self.id))

    def is_live(self, now: datetime) -> bool:
        return self.state is SessionState.LIVE and now < self.expires_at


@dataclass(frozen=True)
class RefreshToken:
    user_id: UUID
    session_id: UUID
    generation: int


@dataclass(frozen=True)
class AccessToken:
    user_id: UUID
    session_id: UUID
    generation: int
    expires_at: int  # seconds since 1970

    def is_over(self, now: datetime) -> bool:
        return now.timestamp() >= self.expires_at


def read_refresh_token(text: str) -> RefreshToken | None:
    """What a refresh token says, or None where we never made it."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return None
    body, proof = raw[:36], raw[36:]
    if len(raw) != 36 + MAC_BYTES or not hmac.compare_digest(vault.mac("refresh", body)[:MAC_BYTES], proof):
        return None
    return RefreshToken(UUID(bytes=body[:16]), UUID(bytes=body[16:32]), int.from_bytes(body[32:]))


def read_access_token(text: str) -> AccessToken | None:
    """What an access token says, or None where we never made it. Whether it is over is for the database's clock to say."""
    claims = tokens.read(AUDIENCE, text)
    if claims is None:
        return None
    try:
        return AccessToken(UUID(claims["sub"]), UUID(claims["sid"]), int(claims["gen"]), claims["exp"])
    except (KeyError, ValueError, TypeError):
        return None


async def begin(
    db: Db, user_id: UUID, device_name: str, place: bytes | None = None, locale: Locale = DEFAULT_LOCALE
) -> Session:
    """A device that has just signed in; `locale` is the language that it speaks."""
    now = await clock.now(db)
    seal = await vault.seal_of(db, user_id)
    session = Session(
        user_id=user_id,
        device_name_sealed=seal.close(device_name, DEVICE),
        created_at=now,
        renewed_at=now,
        expires_at=now + timedelta(days=settings().refresh_days),
        place=place,
    )
    db.add(session)
    await db.flush()
    await outbox.announce(db, BEGUN, user_id=user_id, subject_id=session.id, locale=locale)
    return session


async def mark_used(token: AccessToken) -> None:
    """Spend the token before this one: whoever still shows it is not the device that we answered."""
    mine = (Session.user_id == token.user_id, Session.id == token.session_id)
    unused = Session.used_generation < token.generation
    async with transaction() as db:
        await db.execute(update(Session).where(*mine, unused).values(used_generation=token.generation))


async def locked(db: Db, user_id: UUID, session_id: UUID) -> Session | None:
    mine = select(Session).where(Session.user_id == user_id, Session.id == session_id)
    return (await db.execute(mine.with_for_update())).scalar_one_or_none()


async def require_live(db: Db, user_id: UUID, session_id: UUID) -> None:
    """Refuses SESSION_ENDED what was begun in a session that was ended while somebody else was asked."""
    session = await locked(db, user_id, session_id)
    if session is None or session.state is SessionState.ENDED:
        raise over()


def over() -> Refusal:
    return Refusal(RefusalCode.SESSION_ENDED, N_("You were signed out. Please sign in again."))


async def end(db: Db, session: Session) -> None:
    """End a session: its open subscriptions hear of it at once, and end. Ending it twice is ending it once."""
    if session.state is SessionState.ENDED:
        return
    LIFE.require(session.state, SessionState.ENDED)
    session.ended_at = await clock.now(db)
    await outbox.announce(db, ENDED, user_id=session.user_id, subject_id=session.id)
