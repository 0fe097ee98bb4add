"""Replaying: a partner has a delivery sent once more, by the same ids."""

from uuid import UUID

from sqlalchemy import select

from domain.actors import PartnerActor
from infra import clock
from infra.database import Db
from infra.errors import Refusal, RefusalCode, not_found
from infra.words import N_
from integrations.webhooks import deliveries, endpoints
from integrations.webhooks.deliveries import DeliveryState, WebhookDelivery
from integrations.webhooks.endpoints import WebhookEndpoint

ID = ("input", "deliveryId")


async def replay(db: Db, actor: PartnerActor, delivery_id: UUID) -> WebhookDelivery:
    """Send it now, whatever became of it; one whose webhook is paused waits for that. What waits already is tried at once.

    Refuses NOT_FOUND, and NOT_OPEN where the webhook was deleted.
    """
    its = deliveries.visible_to(actor).where(WebhookDelivery.id == delivery_id)
    endpoint_id = (await db.execute(its.with_only_columns(WebhookDelivery.endpoint_id))).scalar_one_or_none()
    if endpoint_id is None:
        raise not_found(N_("There is no such delivery."), ID)
    # The webhook before its deliveries, as everybody locks them.
    row = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).with_for_update(key_share=True)
    endpoint = (await db.execute(row)).scalar_one()
    if endpoint.deleted_at is not None:
        raise Refusal(RefusalCode.NOT_OPEN, N_("The webhook of this delivery was deleted."), field=ID)
    delivery = (await db.execute(its.with_for_update())).scalar_one()
    if delivery.state != DeliveryState.WAITING:
        await deliveries.LIFE.move(db, delivery, DeliveryState.WAITING)
    delivery.tries, delivery.first_tried_at, delivery.next_at = 0, None, await clock.now(db)
    endpoints.forgive(endpoint)
    deliveries.ring(db)
    return delivery
