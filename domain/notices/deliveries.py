"""Delivery: one notice on its way to one device or phone. It waits for its moment, and the gate is asked again when it goes."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import structlog
from sqlalchemy import Index, select, update
from sqlalchemy.orm import Mapped, mapped_column

from domain.notices import gate
from domain.notices.classes import NoticeChannel
from domain.notices.contacting import Addressee
from domain.notices.devices import PushDevice
from domain.notices.notices import Notice
from infra import clock, outbox
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.privacy import Erasure, Export, Privacy

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
    WITHDRAWN = "WITHDRAWN"  # the house does not want it told any more
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


async def locked(db: Db, user_id: UUID, delivery_id: UUID) -> Delivery | None:
    mine = select(Delivery).where(Delivery.user_id == user_id, Delivery.id == delivery_id).with_for_update()
    return (await db.execute(mine.execution_options(populate_existing=True))).scalar_one_or_none()


async def end(db: Db, delivery: Delivery, reason: Dropped, *rules: str) -> None:
    """Drop it, and say why."""
    await LIFE.move(db, delivery, SendStatus.DROPPED)
    delivery.why, delivery.ended_at = [reason, *rules], await clock.now(db)
