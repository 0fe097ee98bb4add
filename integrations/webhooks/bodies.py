"""Bodies: what deliveries carry, read for many at once, by the senders and by whoever looks at them."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from domain.consent.consent_requests import ConsentRequest
from domain.consent.consent_tokens import token_of
from domain.consent.consents import Consent
from infra.database import Db
from infra.outbox import Event
from integrations.webhooks.deliveries import WebhookDelivery
from integrations.webhooks.event_types import OF_CONSENTS, EventType
from integrations.webhooks.payloads import ToldConsent, payload

CONSENT_TYPES = frozenset(OF_CONSENTS.values())


async def bodies_of(db: Db, ids: set[UUID]) -> dict[UUID, str]:
    """The body of each delivery, the same bytes as are posted."""
    its = select(WebhookDelivery, Event.subject_id).outerjoin(Event, Event.id == WebhookDelivery.event_id)
    rows = (await db.execute(its.where(WebhookDelivery.id.in_(ids)))).all()
    consents = await consents_of(db, (about for each, about in rows if about and each.event_type in CONSENT_TYPES))
    return {each.id: _body(each, about, consents.get(about) if about else None).decode() for each, about in rows}


async def subjects_of(db: Db, ids: set[UUID]) -> dict[UUID, str]:
    """What each delivery's subject is: an Application, or the Consent or Redemption that came without one."""
    given = (Consent.id == WebhookDelivery.subject_id) & WebhookDelivery.event_type.in_(CONSENT_TYPES)
    its = select(WebhookDelivery.id, WebhookDelivery.event_type, Consent.id.is_not(None)).outerjoin(Consent, given)
    rows = (await db.execute(its.where(WebhookDelivery.id.in_(ids)))).all()
    return {id: _subject(event_type, is_consent) for id, event_type, is_consent in rows}


def _subject(event_type: EventType, is_consent: bool) -> str:
    if event_type is EventType.BENEFIT_REDEEMED:
        return "Redemption"
    return "Consent" if is_consent else "Application"


def _body(delivery: WebhookDelivery, about_id: UUID | None, consent: ToldConsent | None) -> bytes:
    return payload(
        event_id=delivery.event_id,
        delivery_id=delivery.id,
        event_type=delivery.event_type,
        happened_at=delivery.happened_at,
        subject_id=delivery.subject_id,
        about_id=about_id,
        consent=consent,
    )


async def consents_of(db: Db, ids: Iterable[UUID]) -> dict[UUID, ToldConsent]:
    """What is told of the consents without an application, by id; the token where the partner asked for it and got a yes."""
    wanted = set(ids)
    if not wanted:
        return {}
    its = (
        select(Consent, ConsentRequest)
        .outerjoin(ConsentRequest, ConsentRequest.consent_id == Consent.id)
        .where(Consent.id.in_(wanted), Consent.application_id.is_(None))
    )
    return {
        consent.id: ToldConsent(token_of(consent), request.reference) if request else ToldConsent()
        for consent, request in await db.execute(its)
    }
