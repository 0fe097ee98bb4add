"""Failing: an attempt that a test partner's server is said not to have taken, though nobody asked it."""

from uuid import UUID

from sqlalchemy import Select, func, or_, select

from domain.actors import PartnerActor
from infra import clock
from infra.database import Db
from infra.errors import Refusal, RefusalCode, not_found
from infra.ids import new_id
from infra.words import N_
from integrations.webhooks import deliveries, endpoints, settling
from integrations.webhooks.deliveries import AttemptOutcome, DeliveryState, WebhookDelivery
from integrations.webhooks.endpoints import WebhookEndpoint
from integrations.webhooks.posting import WebhookAnswer
from integrations.webhooks.settling import Attempted
from integrations.webhooks.taking import Taken

FIELD = ("input", "webhookEndpointId")
UNAVAILABLE = WebhookAnswer(AttemptOutcome.UNAVAILABLE, status=503)


async def fail_once(db: Db, actor: PartnerActor, endpoint_id: UUID) -> WebhookDelivery:
    """Write down of what waits, or else of the last that was sent, that the server answered 503; then it is tried as after any failure.

    Refuses NOT_FOUND, and NOT_OPEN where nothing was ever to be sent.
    """
    its = endpoints.visible_to(actor).where(WebhookEndpoint.id == endpoint_id)
    endpoint = (await db.execute(its.with_for_update(key_share=True))).scalar_one_or_none()
    if endpoint is None:
        raise not_found(N_("There is no such webhook."), FIELD)
    delivery = (await db.execute(_sent_last(endpoint_id))).scalar_one_or_none()
    if delivery is None:
        raise Refusal(
            RefusalCode.NOT_OPEN, N_("Nothing was sent there yet. Let something else happen first."), field=FIELD
        )
    if delivery.state is not DeliveryState.WAITING:
        await deliveries.LIFE.move(db, delivery, DeliveryState.WAITING)
        delivery.tries, delivery.first_tried_at = 0, None
    now = await clock.now(db)
    delivery.attempts, delivery.claimed_by = delivery.attempts + 1, new_id()
    delivery.first_tried_at = delivery.first_tried_at or now
    await db.flush()
    await settling.record(db, [Attempted(_taken(delivery, endpoint), UNAVAILABLE)])
    await db.refresh(delivery)
    return delivery


def _sent_last(endpoint_id: UUID) -> Select[WebhookDelivery]:
    """What waits, or else was made last; nothing that a sender is at work on just now."""
    is_free = or_(WebhookDelivery.claimed_until.is_(None), WebhookDelivery.claimed_until <= func.clock_timestamp())
    its = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id, is_free)
    waits_first = (WebhookDelivery.state != DeliveryState.WAITING, WebhookDelivery.id.desc())
    return its.order_by(*waits_first).limit(1).with_for_update(skip_locked=True)


def _taken(delivery: WebhookDelivery, endpoint: WebhookEndpoint) -> Taken:
    assert delivery.claimed_by is not None and delivery.first_tried_at is not None, "it was leased just now"
    return Taken(
        id=delivery.id,
        endpoint_id=endpoint.id,
        claimed_by=delivery.claimed_by,
        number=delivery.attempts,
        tries=delivery.tries,
        first_tried_at=delivery.first_tried_at,
        failures=endpoint.failures,
        url=endpoint.url,
        headers={},
        body=b"",
    )
