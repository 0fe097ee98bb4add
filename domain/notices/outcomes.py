"""Outcomes: what became of a notice that was on its way, as whoever sends it for us tells."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from domain.notices import contacting, preferences
from domain.notices.deliveries import DELIVERY_DUE, LIFE, Delivery, Dropped, SendStatus, end, locked
from domain.notices.devices import PushDevice
from domain.notices.notices import Notice
from domain.notices.texting import text_instead
from infra import clock, outbox
from infra.database import Db

NO_TIME = timedelta(0)
PAUSE, PAUSE_MAX = timedelta(seconds=5), timedelta(minutes=15)
AWAY_FOR = timedelta(minutes=15)  # then a text is sent where one may be


async def was_sent(db: Db, user_id: UUID, delivery_id: UUID) -> None:
    delivery = await locked(db, user_id, delivery_id)
    if delivery is None or delivery.status in LIFE.ends:
        return
    await LIFE.move(db, delivery, SendStatus.SENT)
    delivery.ended_at = await clock.now(db)
    # Another device that was not reached meanwhile may have given the contact back.
    notice = await db.get_one(Notice, (user_id, delivery.notice_id))
    await contacting.reserve(db, user_id, notice.id, delivery.channel, notice.notice_class)
    if delivery.device_id is not None:
        left = (PushDevice.user_id == user_id, PushDevice.id == delivery.device_id, PushDevice.sends_left > 0)
        await db.execute(update(PushDevice).where(*left).values(sends_left=PushDevice.sends_left - 1))


async def was_put_off(
    db: Db, user_id: UUID, delivery_id: UUID, reason: str, *, by: timedelta = NO_TIME, is_unsure: bool = False
) -> None:
    """The notice is tried again, `by` so much later at the least: as long as the notice is of use. A text goes instead where its kind
    asks for that and whoever sends pushes stays away. `is_unsure`: it may have been sent.
    """
    await preferences.lock(db, user_id)
    delivery = await locked(db, user_id, delivery_id)
    if delivery is None or delivery.status in LIFE.ends:
        return
    if delivery.status is SendStatus.LEAVING:
        await LIFE.move(db, delivery, SendStatus.WAITING)
    if not is_unsure:
        await _give_back(db, delivery)
    now = await clock.now(db)
    delivery.tries, delivery.tried_at = delivery.tries + 1, delivery.tried_at or now
    if now - delivery.tried_at >= AWAY_FOR and await text_instead(db, delivery):
        await end(db, delivery, Dropped.TEXTED, reason)
        return
    wait = max(by, _pause(delivery.tries))
    delivery.due_at = min(now + wait, max(now, delivery.expires_at))
    await outbox.announce(db, DELIVERY_DUE, user_id=user_id, subject_id=delivery.id, due_at=delivery.due_at)


def _pause(tries: int) -> timedelta:
    """Longer each time, since whoever is away may be so for long."""
    return min(PAUSE_MAX, PAUSE * (1 << min(tries - 1, 20)))


async def was_dropped(db: Db, user_id: UUID, delivery_id: UUID, reason: Dropped, word: str) -> None:
    """The notice will not be sent; where it may have been, nothing else is sent in its place."""
    await preferences.lock(db, user_id)
    delivery = await locked(db, user_id, delivery_id)
    if delivery is None or delivery.status in LIFE.ends:
        return
    await end(db, delivery, reason, word)
    if reason is not Dropped.UNSURE:
        await _give_back(db, delivery)
        await text_instead(db, delivery)


async def _give_back(db: Db, delivery: Delivery) -> None:
    """The contact was none, unless the same was told on another device."""
    others = select(func.count()).where(
        Delivery.user_id == delivery.user_id,
        Delivery.notice_id == delivery.notice_id,
        Delivery.channel == delivery.channel,
        Delivery.id != delivery.id,
        Delivery.status.in_([SendStatus.SENT, SendStatus.LEAVING]),
    )
    if not (await db.execute(others)).scalar_one():
        await contacting.give_back(db, delivery.user_id, delivery.notice_id, delivery.channel)
