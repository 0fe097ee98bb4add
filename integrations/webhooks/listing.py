"""Listing: a partner's deliveries as pages are read of them, each off an index, however much else there is."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, text, union_all
from sqlalchemy.orm import InstrumentedAttribute, aliased

from domain.actors import PartnerActor
from infra.database import Db
from integrations.webhooks import deliveries, endpoints
from integrations.webhooks.deliveries import DeliveryState, WebhookDelivery, WebhookDeliveryStatus
from integrations.webhooks.endpoints import WebhookEndpoint, WebhookStatus

WAITING_FOR = {
    WebhookDeliveryStatus.PENDING: WebhookStatus.LIVE,
    WebhookDeliveryStatus.PAUSED: WebhookStatus.PAUSED,
}


async def listed(
    db: Db, actor: PartnerActor, *, endpoint_id: UUID | None, status: WebhookDeliveryStatus | None
) -> tuple[Select[WebhookDelivery], InstrumentedAttribute[UUID]]:
    """Deliveries of this webhook, or of all, that stand so, or any way; and the key that they are ordered by."""
    own = deliveries.visible_to(actor)
    if endpoint_id is not None:
        own = own.where(WebhookDelivery.endpoint_id == endpoint_id)
    parts = [own.where(*part) for part in await _parts(db, actor, endpoint_id, status)]
    # Each part is in order of itself, so that the newest of all are the newest of each.
    together = aliased(WebhookDelivery, union_all(*parts).subquery()) if parts else WebhookDelivery
    return select(together) if parts else own.where(text("false")), together.id


async def _parts(
    db: Db, actor: PartnerActor, endpoint_id: UUID | None, status: WebhookDeliveryStatus | None
) -> list[tuple[Any, ...]]:
    """What stands so, in parts of one state each."""
    if status is None:
        return [(WebhookDelivery.state == state,) for state in DeliveryState]
    if status not in WAITING_FOR:
        return [(WebhookDelivery.state == DeliveryState(status),)]
    its = endpoints.visible_to(actor).where(WebhookEndpoint.status == WAITING_FOR[status])
    if endpoint_id is not None:
        its = its.where(WebhookEndpoint.id == endpoint_id)
    ids = (await db.execute(its.with_only_columns(WebhookEndpoint.id))).scalars()
    return [(WebhookDelivery.state == DeliveryState.WAITING, WebhookDelivery.endpoint_id == id) for id in ids]
