"""Payload: what is posted. Thin: which application, and the document that asks for it; nothing about the person."""

from datetime import UTC, datetime
from uuid import UUID

import orjson

from infra.ids import global_id
from integrations.webhooks.event_types import EventType

# Posted as it stands to the partner's door, it fetches what an event tells of. A grade is left out: reading one is a lookup.
QUERY = (
    "query Application($id: ID!) { node(id: $id) { ... on Application { id status amount { amount currency } termMonths "
    "product { id sku } promisedBy decision { outcome decidedAt } offer { id expiresAt } updatedAt } } }"
)


def payload(
    *, event_id: UUID, delivery_id: UUID, event_type: EventType, happened_at: datetime, application_id: UUID
) -> bytes:
    """The same bytes at each attempt."""
    application = global_id("Application", application_id)
    told = {
        "id": event_global_id(event_id),
        "deliveryId": global_id("WebhookDelivery", delivery_id),
        "type": event_type.value,
        "timestamp": happened_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": {"applicationId": application, "fetch": {"query": QUERY, "variables": {"id": application}}},
    }
    return orjson.dumps(told)


def event_global_id(event_id: UUID) -> str:
    return global_id("Event", event_id)
