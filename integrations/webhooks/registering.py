"""Registering: a partner says where it wants to hear of what, changes it, and gets the secret that signs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from domain.actors import PartnerActor
from domain.people.partners import Partner
from infra import clock, receipts
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.receipts import Receipt
from infra.words import N_
from integrations.webhooks import addresses, clearing, endpoints, signing
from integrations.webhooks.endpoints import WebhookEndpoint, WebhookPauseReason, WebhookStatus
from integrations.webhooks.event_types import EventType
from integrations.webhooks.signing import WebhookSecret

ENDPOINTS_MAX = 10
ID = ("input", "webhookEndpointId")
TYPES = ("input", "eventTypes")


@dataclass(frozen=True)
class Issued:
    """An endpoint with a secret that is shown now and not again."""

    endpoint: WebhookEndpoint
    secret: str


async def create(
    db: Db, actor: PartnerActor, *, url: str, unsafe: Refusal | None, event_types: Sequence[EventType], key: str
) -> Issued:
    """A new endpoint, live at once; where somebody listens it waits until they come. `unsafe`: what speaks against the address,
    which somebody has examined before.

    Refuses INVALID, UNSAFE_URL and LIMIT_EXCEEDED, and then leaves nothing behind.
    """
    input = {"url": url, "eventTypes": sorted(set(event_types))}
    receipt = await receipts.claim(db, actor=actor.name, operation="createWebhookEndpoint", key=key, input=input)
    if receipt.result_id is not None:
        return await _issued_before(db, actor, receipt)
    if unsafe:
        raise unsafe
    await _require_room(db, actor)
    now = await clock.now(db)
    types = _checked(event_types)
    endpoint = WebhookEndpoint(partner_id=actor.partner_id, url=url, event_types=types, created_at=now)
    db.add(endpoint)
    await db.flush()
    await _let_wait(db, endpoint)
    return _issue(receipt, endpoint, await signing.make(db, endpoint.id))


async def rotate(db: Db, actor: PartnerActor, endpoint_id: UUID, *, key: str) -> Issued:
    """A new secret for an endpoint; the one before it signs beside it for a day. Refuses NOT_FOUND and RATE_LIMITED."""
    input = {"webhookEndpointId": str(endpoint_id)}
    receipt = await receipts.claim(db, actor=actor.name, operation="rotateWebhookSecret", key=key, input=input)
    if receipt.result_id is not None:
        return await _issued_before(db, actor, receipt)
    endpoint = await _locked(db, actor, endpoint_id)
    return _issue(receipt, endpoint, await signing.rotate(db, endpoint.id))


async def update(
    db: Db,
    actor: PartnerActor,
    endpoint_id: UUID,
    *,
    url: str | None,
    unsafe: Refusal | None,
    event_types: Sequence[EventType] | None,
    status: WebhookStatus | None,
) -> WebhookEndpoint:
    """Change what is told, resume or pause. A new address, and LIVE, begin as if it had never failed."""
    endpoint = await _locked(db, actor, endpoint_id)
    if unsafe:
        raise unsafe
    if event_types is not None:
        endpoint.event_types = _checked(event_types)
    if url is not None and url != endpoint.url:
        endpoint.url = url
        await _start_anew(db, endpoint)
    await _let_wait(db, endpoint)
    if status == WebhookStatus.LIVE:
        _refuse_listened(endpoint)
        await endpoints.resume(db, endpoint)
        await _start_anew(db, endpoint)
    elif status == WebhookStatus.PAUSED:
        await endpoints.pause(db, endpoint, WebhookPauseReason.PARTNER)
    return endpoint


async def delete(db: Db, actor: PartnerActor, endpoint_id: UUID) -> WebhookEndpoint:
    """Forget its secrets and send nothing any more. Deleted again it stays deleted. Refuses NOT_FOUND."""
    row = endpoints.of_partner(actor).where(WebhookEndpoint.id == endpoint_id).with_for_update()
    endpoint = _required((await db.execute(row)).scalar_one_or_none())
    if endpoint.deleted_at is None:
        endpoint.deleted_at = await clock.now(db)
        await signing.forget(db, endpoint.id)
        await clearing.give_up(db, endpoint.id)
    return endpoint


async def _let_wait(db: Db, endpoint: WebhookEndpoint) -> None:
    """Nothing is posted to whoever listens: it waits until they come for it."""
    if addresses.is_listened(endpoint.url):
        await endpoints.pause(db, endpoint, WebhookPauseReason.PARTNER)


def _refuse_listened(endpoint: WebhookEndpoint) -> None:
    if addresses.is_listened(endpoint.url):
        raise invalid(N_("Somebody listens to this webhook. Give it an https address first."), ("input", "status"))


async def _start_anew(db: Db, endpoint: WebhookEndpoint) -> None:
    endpoints.forgive(endpoint)
    await clearing.restart(db, endpoint.id)


async def _locked(db: Db, actor: PartnerActor, endpoint_id: UUID) -> WebhookEndpoint:
    row = endpoints.visible_to(actor).where(WebhookEndpoint.id == endpoint_id).with_for_update()
    return _required((await db.execute(row)).scalar_one_or_none())


def _required(endpoint: WebhookEndpoint | None) -> WebhookEndpoint:
    if endpoint is None:
        raise not_found(N_("There is no such webhook."), ID)
    return endpoint


async def _require_room(db: Db, actor: PartnerActor) -> None:
    """Two servers of a partner may ask at once; the second then counts the first one's."""
    await db.execute(select(Partner.id).where(Partner.id == actor.partner_id).with_for_update(key_share=True))
    there = endpoints.visible_to(actor).with_only_columns(func.count())
    if (await db.execute(there)).scalar_one() >= ENDPOINTS_MAX:
        sentence = N_("A partner has at most {most} webhooks. Delete one first.")
        raise Refusal(RefusalCode.LIMIT_EXCEEDED, sentence, most=ENDPOINTS_MAX)


def _checked(event_types: Sequence[EventType]) -> list[str]:
    if not event_types:
        raise invalid(N_("Name at least one type of event."), TYPES)
    return sorted({each.value for each in event_types})


def _issue(receipt: Receipt, endpoint: WebhookEndpoint, secret: WebhookSecret) -> Issued:
    receipt.result_id = secret.id
    return Issued(endpoint, signing.text_of(secret))


async def _issued_before(db: Db, actor: PartnerActor, receipt: Receipt) -> Issued:
    """The same secret to the same key, for a day. Refuses NOT_ALLOWED later, and where it was forgotten since."""
    secret = await db.get(WebhookSecret, receipt.result_id)
    if secret is None or not _is_fresh(receipt, await clock.now(db)):
        sentence = N_("This secret is not shown any more. Rotate it to get a new one.")
        raise Refusal(RefusalCode.NOT_ALLOWED, sentence, field=("input", "idempotencyKey"))
    its = endpoints.visible_to(actor).where(WebhookEndpoint.id == secret.endpoint_id)
    return Issued(_required((await db.execute(its)).scalar_one_or_none()), signing.text_of(secret))


def _is_fresh(receipt: Receipt, now: datetime) -> bool:
    return now < receipt.created_at + signing.SHOWN_FOR
