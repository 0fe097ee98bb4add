"""What leaves now: the gate is asked again, the contact is written down, and all that the sender needs is put together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from domain.notices import contacting, devices, gate, notices, preferences
from domain.notices.classes import NoticeChannel, NoticeClass
from domain.notices.contacting import Addressee
from domain.notices.deliveries import DELIVERY_DUE, LIFE, Delivery, Dropped, SendStatus, end, locked
from domain.notices.devices import DevicePlatform, PushDevice
from domain.notices.kinds import StillWanted
from domain.notices.notices import Notice
from domain.notices.texting import text_instead
from infra import clock, outbox, vault
from infra.database import Db
from infra.words import Locale, say

log = structlog.get_logger()


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
HELD_FOR = timedelta(minutes=30)  # what is to be sent later is asked about again after this


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
    if not await _is_wanted(db, delivery, notice):
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


async def _is_wanted(db: Db, delivery: Delivery, notice: Notice) -> bool:
    """Whether the house wants it told still. What it wants told later waits on."""
    if notice.kind is None or notice.kind.asks is None or notice.subject_id is None:
        return True
    answer = await notice.kind.asks(db, notice.subject_id)
    if answer is StillWanted.NO:
        await end(db, delivery, Dropped.WITHDRAWN)
    if answer is StillWanted.LATER:
        await _wait_until(db, delivery, await clock.now(db) + HELD_FOR)
    return answer is StillWanted.YES


async def _wait_until(db: Db, delivery: Delivery, until: datetime) -> None:
    delivery.due_at = until
    await outbox.announce(db, DELIVERY_DUE, user_id=delivery.user_id, subject_id=delivery.id, due_at=until)


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
        await _wait_until(db, delivery, until)
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
        link=notices.link_of(notice, seal, to.locale),
        locale=to.locale,
        phone=to.phone,
        platform=device.platform if device else None,
        token=devices.token_of(device, seal) if device else "",
    )


async def _device_of(db: Db, delivery: Delivery) -> PushDevice | None:
    ringing = await devices.ringing(db, delivery.user_id) if delivery.device_id else []
    return next((device for device in ringing if device.id == delivery.device_id), None)
