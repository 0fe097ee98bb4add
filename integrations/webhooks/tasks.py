"""What webhooks do when something has happened, and what of them need not be kept."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from infra import pruning
from infra.database import Db
from infra.outbox import Event
from infra.pruning import Stale
from infra.reactions import reaction
from integrations.webhooks import clearing, telling
from integrations.webhooks.deliveries import WebhookDelivery
from integrations.webhooks.endpoints import WebhookEndpoint, WebhookStatus
from integrations.webhooks.event_types import TYPES
from integrations.webhooks.signing import WebhookSecret

KEPT = timedelta(days=30)

# Whatever came of them; what was deleted goes last, when nothing that waited for it is there any more.
pruning.forget(
    "prune_webhooks",
    Stale(WebhookDelivery.created_at, pruning.ago(KEPT)),
    Stale(WebhookSecret.ends_at, pruning.ago(KEPT)),
    Stale(WebhookEndpoint.deleted_at, pruning.ago(KEPT)),
)


@reaction(*TYPES, stored_as=telling.TELL_PARTNER)
async def tell_partner(db: Db, event: Event) -> None:
    await telling.tell(db, event)


@reaction(clearing.RESTART_GOES_ON, stored_as="restart_webhook")
async def restart_webhook(db: Db, event: Event) -> None:
    """Nothing where it was paused or deleted meanwhile: whoever resumes it begins from the beginning."""
    endpoint = await _locked(db, event)
    if endpoint and endpoint.deleted_at is None and endpoint.status == WebhookStatus.LIVE:
        await clearing.restart(db, endpoint.id, UUID(event.data["after"]))


@reaction(clearing.GIVING_UP_GOES_ON, stored_as="give_up_for_webhook")
async def give_up_for_webhook(db: Db, event: Event) -> None:
    if endpoint := await _locked(db, event):
        await clearing.give_up(db, endpoint.id, UUID(event.data["after"]))


async def _locked(db: Db, event: Event) -> WebhookEndpoint | None:
    """The webhook before its deliveries, as everybody locks them."""
    row = select(WebhookEndpoint).where(WebhookEndpoint.id == event.subject_id)
    return (await db.execute(row.with_for_update(key_share=True))).scalar_one_or_none()
