"""Clearing: what becomes of all that waits for one webhook, some at a time: there may be more than one statement can change."""

from uuid import UUID

from sqlalchemy import or_, select, update

from infra import clock, outbox
from infra.database import Db
from infra.events import declare
from infra.outbox import Event, EventReaction
from integrations.webhooks import deliveries
from integrations.webhooks.deliveries import IS_WAITING, DeliveryState, WebhookDelivery

RESTART_GOES_ON = declare("webhook.restart_goes_on", after=str)
GIVING_UP_GOES_ON = declare("webhook.giving_up_goes_on", after=str)
BATCH = 1_000


async def restart(db: Db, endpoint_id: UUID, after: UUID | None = None) -> None:
    """Let all that waits be sent now, as if for the first time. Lock the webhook."""
    now = await clock.now(db)
    ids = await _some(db, endpoint_id, after)
    was_held = or_(WebhookDelivery.first_tried_at.is_not(None), WebhookDelivery.next_at > now)
    anew = {"tries": 0, "first_tried_at": None, "next_at": now}
    await db.execute(update(WebhookDelivery).where(WebhookDelivery.id.in_(ids), was_held).values(**anew))
    if len(ids) == BATCH and (after is not None or not await _is_under_way(db, endpoint_id)):
        await outbox.announce(db, RESTART_GOES_ON, subject_id=endpoint_id, after=str(ids[-1]))
    deliveries.ring(db)


async def give_up(db: Db, endpoint_id: UUID, after: UUID | None = None) -> None:
    """Let nothing wait any more. Lock the webhook."""
    ids = await _some(db, endpoint_id, after)
    failed = update(WebhookDelivery).where(WebhookDelivery.id.in_(ids)).values(state=DeliveryState.FAILED)
    await db.execute(failed)
    if len(ids) == BATCH:
        await outbox.announce(db, GIVING_UP_GOES_ON, subject_id=endpoint_id, after=str(ids[-1]))


async def _is_under_way(db: Db, endpoint_id: UUID) -> bool:
    """Somebody said the same a moment ago: however often a partner does, all that waits is gone through once at a time."""
    still = (EventReaction.handled_at.is_(None), EventReaction.parked_at.is_(None))
    its = select(Event.id).where(Event.subject_id == endpoint_id, Event.name == RESTART_GOES_ON)
    owed = its.join(EventReaction, EventReaction.event_id == Event.id).where(*still)
    return (await db.execute(owed.limit(1))).scalar_one_or_none() is not None


async def _some(db: Db, endpoint_id: UUID, after: UUID | None) -> list[UUID]:
    its = select(WebhookDelivery.id).where(WebhookDelivery.endpoint_id == endpoint_id, IS_WAITING)
    if after is not None:
        its = its.where(WebhookDelivery.id > after)
    return list((await db.execute(its.order_by(WebhookDelivery.id).limit(BATCH))).scalars())
