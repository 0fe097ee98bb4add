"""Payload: what is posted. Thin: what it is about, as an application or an agreement, and the document that asks for it; nothing about
the person.
"""

from dataclasses import dataclass
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
CONSENT_QUERY = (
    "query Consent($id: ID!) { node(id: $id) { ... on Consent { id purpose scopes status expiresAt updatedAt } } }"
)
REDEMPTION_QUERY = "query Redemption($id: ID!) { node(id: $id) { ... on Redemption { id benefitName usedAt } } }"
AGREEMENT_TYPES = frozenset(OF_AGREEMENTS.values())


@dataclass(frozen=True)
class ToldConsent:
    """What is told of a consent that came without an application; the token only to whoever asked for it, when it is given."""

    token: str | None = None
    reference: str | None = None


def payload(
    *,
    event_id: UUID,
    delivery_id: UUID,
    event_type: EventType,
    happened_at: datetime,
    subject_id: UUID,
    about_id: UUID | None,
    consent: ToldConsent | None = None,
) -> bytes:
    """The bytes that are sent, the same at each attempt. `about_id`: what the event itself is about.

    `consent`: what is told of one that came without an application.
    """
    about = _consented(event_type, subject_id, consent) if consent else _about(event_type, subject_id, about_id)
    told = {
        "id": event_global_id(event_id),
        "deliveryId": global_id("WebhookDelivery", delivery_id),
        "type": event_type.value,
        "timestamp": happened_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": about,
    }
    return orjson.dumps(told)


def _consented(event_type: EventType, consent_id: UUID, told: ToldConsent) -> dict[str, Any]:
    consent = global_id("Consent", consent_id)
    has_token = told.token is not None and event_type is EventType.CONSENT_GRANTED
    asked = {"consentToken": told.token, "reference": told.reference} if has_token else {}
    return {"consentId": consent, **asked, "fetch": _fetch(CONSENT_QUERY, consent)}


def _about(event_type: EventType, subject_id: UUID, about_id: UUID | None) -> dict[str, Any]:
    if event_type is EventType.BENEFIT_REDEEMED:
        redemption = global_id("Redemption", subject_id)
        return {"redemptionId": redemption, "fetch": _fetch(REDEMPTION_QUERY, redemption)}
    application = global_id("Application", subject_id)
    if about_id is not None and event_type in AGREEMENT_TYPES:
        agreement = global_id("Agreement", about_id)
        return {"applicationId": application, "agreementId": agreement, "fetch": _fetch(AGREEMENT_QUERY, agreement)}
    if about_id is not None and event_type is EventType.PAYOUT_REQUESTED:
        draw_down = global_id("DrawDown", about_id)
        return {"applicationId": application, "drawDownId": draw_down, "fetch": _fetch(PAYOUT_QUERY, draw_down)}
    return {"applicationId": application, "fetch": _fetch(QUERY, application)}


def _fetch(query: str, id: str) -> dict[str, Any]:
    return {"query": query, "variables": {"id": id}}


def event_global_id(event_id: UUID) -> str:
    return global_id("Event", event_id)
