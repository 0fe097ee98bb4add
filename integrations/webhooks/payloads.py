"""Payload: what is posted. Thin: which application, agreement or draw-down, and the document that asks for it; nothing about the
person.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from infra.ids import global_id
from integrations.webhooks.event_types import OF_AGREEMENTS, EventType

# Posted as it stands to the partner's door, it fetches what an event tells of. A grade is left out: reading one is a lookup.
QUERY = (
    "query Application($id: ID!) { node(id: $id) { ... on Application { id status amount { amount currency } termMonths "
    "product { id sku } promisedBy decision { outcome decidedAt } offer { id expiresAt } updatedAt } } }"
)


AGREEMENT_QUERY = (
    "query Agreement($id: ID!) { node(id: $id) { ... on Agreement { id status outstanding { amount currency } overdueDays "
    "product { id sku } application { id } drawDowns { id status amount { amount currency } } updatedAt } } }"
)
PAYOUT_QUERY = (
    "query DrawDown($id: ID!) { node(id: $id) { ... on DrawDown { id status amount { amount currency } "
    "payTo { kind holder number } } } }"
)
AGREEMENT_TYPES = frozenset(OF_AGREEMENTS.values())


def payload(
    *,
    event_id: UUID,
    delivery_id: UUID,
    event_type: EventType,
    happened_at: datetime,
    application_id: UUID,
    about_id: UUID | None,
) -> bytes:
    """The bytes that are sent, the same at each attempt. `about_id`: what the event itself is about."""
    application = global_id("Application", application_id)
    told = {
        "id": event_global_id(event_id),
        "deliveryId": global_id("WebhookDelivery", delivery_id),
        "type": event_type.value,
        "timestamp": happened_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": {"applicationId": application, **_about(event_type, application, about_id)},
    }
    return orjson.dumps(told)


def _about(event_type: EventType, application: str, about_id: UUID | None) -> dict[str, Any]:
    if about_id is not None and event_type in AGREEMENT_TYPES:
        agreement = global_id("Agreement", about_id)
        return {"agreementId": agreement, "fetch": _fetch(AGREEMENT_QUERY, agreement)}
    if about_id is not None and event_type is EventType.PAYOUT_REQUESTED:
        draw_down = global_id("DrawDown", about_id)
        return {"drawDownId": draw_down, "fetch": _fetch(PAYOUT_QUERY, draw_down)}
    return {"fetch": _fetch(QUERY, application)}


def _fetch(query: str, id: str) -> dict[str, Any]:
    return {"query": query, "variables": {"id": id}}


def event_global_id(event_id: UUID) -> str:
    return global_id("Event", event_id)
