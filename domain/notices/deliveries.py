"""Delivery: one notice on its way to one device or phone. It waits for its moment, and the gate is asked again when it goes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import structlog
from sqlalchemy import Index, select, update
from sqlalchemy.orm import Mapped, mapped_column

from domain.notices import contacting, devices, gate, preferences
from domain.notices.classes import NoticeChannel, NoticeClass
from domain.notices.contacting import Addressee
from domain.notices.devices import DevicePlatform, PushDevice
from domain.notices.kinds import Texted
from domain.notices.notices import Notice
from infra import clock, outbox, vault
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.privacy import Erasure, Export, Privacy
from infra.words import Locale, say

log = structlog.get_logger()
DELIVERY_DUE = declare("notice.delivery_due")


class SendStatus(StrEnum):
    WAITING = "WAITING"
    LEAVING = "LEAVING"
    SENT = "SENT"
    DROPPED = "DROPPED"


class Dropped(StrEnum):
    """Why something was not sent after all."""

    LATE = "LATE"  # its moment came when nobody needed it any more
    NEWER = "NEWER"  # something newer is told of the same
    READ = "READ"  # the person has read it in the app
    NO_DEVICE = "NO_DEVICE"  # the device takes no more
    NOT_ALLOWED = "NOT_ALLOWED"  # the gate says no, and will not say otherwise in time
    REFUSED = "REFUSED"  # whoever sends it for us will not
    UNSURE = "UNSURE"  # it may have been sent
    TEXTED = "TEXTED"  # it did not get through for so long that a text was sent instead


LIFE = Lifecycle(
    "Delivery",
    Move([SendStatus.WAITING], SendStatus.LEAVING),
    Move([SendStatus.LEAVING], SendStatus.WAITING),
    Move([SendStatus.WAITING, SendStatus.LEAVING], SendStatus.SENT),
    Move([SendStatus.WAITING, SendStatus.LEAVING], SendStatus.DROPPED, at="expires_at", due=DELIVERY_DUE),
    begins=SendStatus.WAITING,
    ends=(SendStatus.SENT, SendStatus.DROPPED),
)


class Delivery(Entity):
    """`device_id` is None for a text message. LEAVING: handed to somebody who could not tell it from a second one.

    `why` is the reason why it was dropped, with the rules that said no where the gate did. `tries` and `tried_at`, the first of
    them, tell how long whoever sends it has been away.
    """

    __tablename__ = "notice_deliveries"
    __privacy__ = Privacy(Export.INSIDE, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    notice_id: Mapped[UUID]
    channel: Mapped[NoticeChannel]
    device_id: Mapped[UUID | None]
    collapse_key: Mapped[str]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    status: Mapped[SendStatus] = mapped_column(default=SendStatus.WAITING)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    why: Mapped[list[str] | None] = mapped_column(default=None)
    tries: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (
        Index(None, "user_id", "collapse_key"),
        Index(None, "user_id", "notice_id", "channel", "device_id", unique=True, postgresql_nulls_not_distinct=True),
        Index(None, "ended_at"),
    )


Index(
    "ix_notice_deliveries_put_off",
    Delivery.tried_at,
    postgresql_where=(Delivery.status == SendStatus.WAITING) & Delivery.tried_at.is_not(None),
)


@dataclass(frozen=True)
class Leaving:
    """Something that goes at this moment: all that is needed to send it, and nothing more."""

    delivery: Delivery
    at: datetime
    notice_class: NoticeClass
    title: str
    body: str
    link: str | None
    locale: Locale
    phone: str
    platform: DevicePlatform | None = None
    token: str = ""


KnowsRepeats = Callable[[NoticeChannel, DevicePlatform | None], bool]
APP_NAME = "Longan"


async def plan(db: Db, notice: Notice, to: Addressee, ringing: Sequence[PushDevice], collapse_key: str) -> int:
    """Let a notice go by each way that it takes, at the first moment at which the gate lets it. Answers how many go."""
    planned, kind, now = 0, notice.kind, await clock.now(db)
    assert kind is not None, "a notice is written of a kind that is known here"
    await collapse(db, notice.user_id, collapse_key)
    for channel in kind.channels(len(ringing)):
        due_at = gate.next_allowed(to.facts, kind.notice_class, channel, now)
        if due_at is None or due_at >= now + kind.lasts:
            continue
        for device in ringing if channel is NoticeChannel.PUSH else (None,):
            way = (channel, device.id if device else None, collapse_key)
            await schedule(db, notice, way, due_at=due_at, expires_at=now + kind.lasts)
            planned += 1
    return planned


async def schedule(
    db: Db, notice: Notice, way: tuple[NoticeChannel, UUID | None, str], *, due_at: datetime, expires_at: datetime
) -> None:
    channel, device_id, collapse_key = way
    delivery = Delivery(
        user_id=notice.user_id,
        notice_id=notice.id,
        channel=channel,
        device_id=device_id,
        collapse_key=collapse_key,
        due_at=due_at,
        expires_at=expires_at,
    )
    db.add(delivery)
    await outbox.announce(db, DELIVERY_DUE, user_id=notice.user_id, subject_id=delivery.id, due_at=due_at)


async def collapse(db: Db, user_id: UUID, collapse_key: str) -> None:
    """What waits to tell something older of the same need not be told any more."""
    older = update(Delivery).where(
        Delivery.user_id == user_id,
        Delivery.collapse_key == collapse_key,
        Delivery.status == SendStatus.WAITING,
    )
    ended = {"status": SendStatus.DROPPED, "why": [Dropped.NEWER], "ended_at": await clock.now(db)}
    await db.execute(older.values(**ended))


async def take(db: Db, user_id: UUID, delivery_id: UUID, knows_repeats: KnowsRepeats) -> Leaving | None:
    """What is to be sent now, the contact written down; None where nothing is: it went, it was dropped, or it waits on.

    Whoever cannot tell a second message from the first is handed it once: it is LEAVING before they are asked.
    """
    if await db.get(Delivery, (user_id, delivery_id)) is None:
        return None  # the person has left, and nothing is written of them any more
    await preferences.lock(db, user_id)
    delivery = await locked(db, user_id, delivery_id)
    if delivery is None or delivery.status is not SendStatus.WAITING or delivery.due_at > await clock.now(db):
        return None  # it went, or whoever put it off fell before it was marked as handled
    notice = await db.get_one(Notice, (user_id, delivery.notice_id))
    device = await _device_of(db, delivery)
    if reason := await _needless(db, delivery, notice, device):
        await end(db, delivery, reason)
        if reason is Dropped.NO_DEVICE:
            await text_instead(db, delivery)
        if reason is Dropped.LATE and delivery.tries:
            log.error("notice.given_up", kind=delivery.channel, attempts=delivery.tries)
        return None
    to = await contacting.addressee(db, user_id)
    if to is None or not await _is_let_through(db, delivery, notice, to):
        return None
    await contacting.reserve(db, user_id, notice.id, delivery.channel, notice.notice_class)
    if not knows_repeats(delivery.channel, device.platform if device else None):
        await LIFE.move(db, delivery, SendStatus.LEAVING)
    return _leaving(delivery, notice, device, to, await vault.seal_of(db, user_id), await clock.now(db))


async def _needless(db: Db, delivery: Delivery, notice: Notice, device: PushDevice | None) -> Dropped | None:
    if await clock.now(db) >= delivery.expires_at or notice.kind is None:
        return Dropped.LATE
    if notice.read_at is not None:
        return Dropped.READ
    return Dropped.NO_DEVICE if delivery.channel is NoticeChannel.PUSH and device is None else None


async def _is_let_through(db: Db, delivery: Delivery, notice: Notice, to: Addressee) -> bool:
    """Asked anew. What the gate does not let through now waits for its next moment, if that comes in time."""
    now, purpose = await clock.now(db), notice.notice_class
    facts = to.facts_without((notice.id, delivery.channel))
    verdict = gate.may_contact(facts, purpose, delivery.channel, now)
    if verdict.is_allowed:
        return True
    until = gate.next_allowed(facts, purpose, delivery.channel, now)
    if until is None or until >= delivery.expires_at:
        await end(db, delivery, Dropped.NOT_ALLOWED, *verdict.words)
    else:
        delivery.due_at = until
        await outbox.announce(db, DELIVERY_DUE, user_id=delivery.user_id, subject_id=delivery.id, due_at=until)
    return False


def _leaving(
    delivery: Delivery, notice: Notice, device: PushDevice | None, to: Addressee, seal: vault.Seal, at: datetime
) -> Leaving:
    kind = notice.kind
    assert kind is not None, "what is needless was dropped"
    return Leaving(
        delivery=delivery,
        at=at,
        notice_class=kind.notice_class,
        title=APP_NAME,
        body=say(kind.lock, to.locale),
        link=kind.link.to(notice.subject_id) if kind.link else None,
        locale=to.locale,
        phone=to.phone,
        platform=device.platform if device else None,
        token=devices.token_of(device, seal) if device else "",
    )


async def locked(db: Db, user_id: UUID, delivery_id: UUID) -> Delivery | None:
    mine = select(Delivery).where(Delivery.user_id == user_id, Delivery.id == delivery_id).with_for_update()
    return (await db.execute(mine.execution_options(populate_existing=True))).scalar_one_or_none()


async def _device_of(db: Db, delivery: Delivery) -> PushDevice | None:
    ringing = await devices.ringing(db, delivery.user_id) if delivery.device_id else []
    return next((device for device in ringing if device.id == delivery.device_id), None)


async def end(db: Db, delivery: Delivery, reason: Dropped, *rules: str) -> None:
    """Drop it, and say why."""
    await LIFE.move(db, delivery, SendStatus.DROPPED)
    delivery.why, delivery.ended_at = [reason, *rules], await clock.now(db)


async def text_instead(db: Db, push: Delivery) -> bool:
    """Send by text what no device got, where its kind asks for that and the gate lets it. Answers whether a text tells it.
    Lock the person's preferences.
    """
    notice = await db.get_one(Notice, (push.user_id, push.notice_id))
    kind = notice.kind
    if push.channel is not NoticeChannel.PUSH or kind is None or kind.texted is not Texted.INSTEAD:
        return False
    others = await _others(db, push)
    if any(each.channel is NoticeChannel.SMS for each in others):
        return True
    if any(_reaches(each) for each in others):
        return False
    to, now = await contacting.addressee(db, push.user_id), await clock.now(db)
    due_at = gate.next_allowed(to.facts if to else None, kind.notice_class, NoticeChannel.SMS, now)
    if due_at is None or due_at >= push.expires_at:
        return False
    way = (NoticeChannel.SMS, None, push.collapse_key)
    await schedule(db, notice, way, due_at=due_at, expires_at=push.expires_at)
    return True


async def _others(db: Db, push: Delivery) -> Sequence[Delivery]:
    """Of the same notice, by whatever way."""
    its = (Delivery.user_id == push.user_id, Delivery.notice_id == push.notice_id, Delivery.id != push.id)
    return (await db.execute(select(Delivery).where(*its))).scalars().all()


def _reaches(push: Delivery) -> bool:
    """Another device has it, or is not known to be out of reach."""
    is_tried = push.status is SendStatus.WAITING and push.tries > 0
    return push.status is not SendStatus.DROPPED and not is_tried
