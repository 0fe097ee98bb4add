"""What webhooks do when something has happened, and what of them need not be kept."""

from datetime import timedelta

from sqlalchemy import delete

from infra import clock
from infra.database import Db
from infra.outbox import Event
from infra.pruning import PRUNE
from infra.reactions import reaction
from integrations.webhooks import telling
from integrations.webhooks.deliveries import WebhookDelivery
from integrations.webhooks.endpoints import WebhookEndpoint
from integrations.webhooks.event_types import TYPES
from integrations.webhooks.signing import WebhookSecret

KEPT = timedelta(days=30)


@reaction(*TYPES, stored_as=telling.TELL_PARTNER)
async def tell_partner(db: Db, event: Event) -> None:
    await telling.tell(db, event)


@reaction(PRUNE, stored_as="prune_webhooks")
async def prune_webhooks(db: Db, event: Event) -> None:
    """Deliveries of a month ago, whatever came of them, with their attempts; secrets that sign no more, and what was deleted."""
    now = await clock.now(db)
    await db.execute(delete(WebhookDelivery).where(WebhookDelivery.created_at < now - KEPT))
    await db.execute(delete(WebhookSecret).where(WebhookSecret.ends_at < now - KEPT))
    await db.execute(delete(WebhookEndpoint).where(WebhookEndpoint.deleted_at < now - KEPT))
