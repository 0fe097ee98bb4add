"""PushDevice: where a person's phone takes pushes, for as long as it is signed in and its maker knows the token."""

import re
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import UserActor
from domain.notices import preferences
from domain.people.sessions import Session
from infra import clock, vault
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.errors import Refusal, RefusalCode, invalid
from infra.ids import new_id
from infra.privacy import Erasure, Export, Privacy
from infra.words import N_, Locale

SEALED_AT = "push_devices.token"
TOKEN = re.compile(r"[A-Za-z0-9_:-]{1,4096}")


class DevicePlatform(StrEnum):
    APNS = "APNS"
    FCM = "FCM"
    WECHAT = "WECHAT"


class PushDevice(Entity):
    """One of each platform and session. `sends_left`: WeChat lets one message through for each consent; elsewhere None."""

    __tablename__ = "push_devices"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    session_id: Mapped[UUID]
    platform: Mapped[DevicePlatform]
    token_index: Mapped[bytes]
    token_sealed: Mapped[bytes]
    registered_at: Mapped[datetime]
    sends_left: Mapped[int | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "user_id", "session_id", "platform", unique=True),)


class PushToken(Entity):
    """Whose a token is: a phone that somebody else signs in on tells its former person nothing more."""

    __tablename__ = "push_tokens"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    index: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(index=True)
    device_id: Mapped[UUID]

    __table_args__ = (
        ForeignKeyConstraint(["user_id", "device_id"], ["push_devices.user_id", "push_devices.id"], ondelete="CASCADE"),
    )


def token_of(device: PushDevice, seal: vault.Seal) -> str:
    token: str = seal.open(device.token_sealed, SEALED_AT)
    return token


def checked_token(text: str) -> str:
    if not is_token(token := text.strip()):
        raise invalid(N_("This is not a token of a device."), ("input", "token"))
    return token


def is_token(text: str) -> bool:
    """Whether it is a token as all makers write them; whatever else means something in an address of theirs."""
    return TOKEN.fullmatch(text) is not None


_is_sent_here: Callable[[DevicePlatform], bool] | None = None


def provide(is_sent_here: Callable[[DevicePlatform], bool]) -> None:
    """Let this say whether anybody sends pushes of a platform here; the room that speaks with its maker fills it."""
    global _is_sent_here
    _is_sent_here = is_sent_here


def _takes(platform: DevicePlatform) -> bool:
    assert _is_sent_here is not None, "the composition root fills this"
    return _is_sent_here(platform)


async def register(db: Db, actor: UserActor, platform: DevicePlatform, text: str, locale: Locale) -> PushDevice:
    """Send this session's pushes to this token from now on. Saying it again says that the token lives still, and of WeChat
    that one more message is let through. Refuses INVALID, and PROVIDER_UNAVAILABLE where nobody sends pushes of this platform:
    the person then gets a text wherever it matters.
    """
    token = checked_token(text)
    if not _takes(platform):
        sentence = N_("We send no such pushes yet. What matters comes by text message.")
        raise Refusal(RefusalCode.PROVIDER_UNAVAILABLE, sentence, field=("input", "platform"))
    index = vault.blind_index(f"push-{platform}", token)
    await _take_from_others(db, actor, index)
    device = await _of_session(db, actor, platform, index, token)
    device.registered_at = await clock.now(db)
    device.sends_left = 1 if platform is DevicePlatform.WECHAT else None
    await db.flush()
    owner = insert(PushToken).values(index=index, user_id=actor.user_id, device_id=device.id)
    await db.execute(owner.on_conflict_do_nothing())
    await preferences.remember_language(db, actor.user_id, locale)
    return device


async def _take_from_others(db: Db, actor: UserActor, index: bytes) -> None:
    """Two that register one token wait for each other; the last has it."""
    await db.execute(select(func.pg_advisory_xact_lock(int.from_bytes(index[:8], signed=True))))
    held = await db.get(PushToken, index)
    if held is not None:
        its = (PushDevice.user_id == held.user_id, PushDevice.id == held.device_id)
        kept = (PushDevice.user_id == actor.user_id) & (PushDevice.session_id == actor.session_id)
        await db.execute(delete(PushDevice).where(*its, ~kept))


async def _of_session(db: Db, actor: UserActor, platform: DevicePlatform, index: bytes, token: str) -> PushDevice:
    """The session's row, made if need be, and locked: two that register at once make one."""
    sealed = (await vault.seal_of(db, actor.user_id)).close(token, SEALED_AT)
    its = {"user_id": actor.user_id, "session_id": actor.session_id, "platform": platform}
    made = insert(PushDevice).values(
        id=new_id(), token_index=index, token_sealed=sealed, registered_at=await clock.now(db), **its
    )
    await db.execute(made.on_conflict_do_nothing(index_elements=[*its]))
    mine = select(PushDevice).filter_by(**its).with_for_update().execution_options(populate_existing=True)
    device = (await db.execute(mine)).scalar_one()
    if device.token_index != index:
        former = (PushToken.index == device.token_index, PushToken.user_id == actor.user_id)
        await db.execute(delete(PushToken).where(*former))
        device.token_index, device.token_sealed = index, sealed
    return device


async def ringing(db: Db, user_id: UUID) -> list[PushDevice]:
    """Devices that take a push now: signed in, of a platform that somebody sends by, and with a message left where messages are
    counted.
    """
    now = await clock.now(db)
    sent = [platform for platform in DevicePlatform if _takes(platform)]
    live = (Session.ended_at.is_(None), Session.expires_at > now)
    mine = (
        select(PushDevice)
        .join(Session, (Session.user_id == PushDevice.user_id) & (Session.id == PushDevice.session_id))
        .where(PushDevice.user_id == user_id, PushDevice.platform.in_(sent), *live)
        .where(or_(PushDevice.sends_left.is_(None), PushDevice.sends_left > 0))
        .order_by(PushDevice.id)
    )
    return [*(await db.execute(mine)).scalars()]


async def forget(db: Db, user_id: UUID, device_id: UUID | None, gone_since: datetime) -> bool:
    """Forget a token: its maker says that it is no more since then; who registered later has the app again."""
    its = delete(PushDevice).where(PushDevice.user_id == user_id, PushDevice.id == device_id)
    its = its.where(PushDevice.registered_at <= gone_since)
    return (await db.execute(its.returning(PushDevice.id))).scalar_one_or_none() is not None


async def spend(db: Db, user_id: UUID, device_id: UUID | None) -> None:
    """Nothing more is let through until the person allows it again."""
    its = (PushDevice.user_id == user_id, PushDevice.id == device_id)
    await db.execute(update(PushDevice).where(*its).values(sends_left=0))


async def forget_session(db: Db, user_id: UUID, session_id: UUID) -> None:
    """Whoever is signed out is told nothing there any more."""
    await db.execute(delete(PushDevice).where(PushDevice.user_id == user_id, PushDevice.session_id == session_id))
