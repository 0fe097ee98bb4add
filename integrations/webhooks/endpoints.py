"""WebhookEndpoint: a partner's address that hears of events, and how it fares."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import structlog
from sqlalchemy import ForeignKey, Index, Select, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import PartnerActor
from domain.people.partners import Partner
from domain.permissions import Permission
from infra import clock
from infra.database import Db
from infra.entity import Entity, Id
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from integrations.webhooks.addresses import ANY_LISTENED

log = structlog.get_logger()


class WebhookStatus(StrEnum):
    LIVE = "LIVE"
    PAUSED = "PAUSED"


class WebhookPauseReason(StrEnum):
    PARTNER = "PARTNER"
    GONE = "GONE"
    DEAD = "DEAD"


PAUSED, RESUMED = declare("webhook.paused", reason=str), declare("webhook.resumed")

LIFE = Lifecycle(
    "WebhookEndpoint",
    Move([WebhookStatus.LIVE], WebhookStatus.PAUSED, PAUSED),
    Move([WebhookStatus.PAUSED], WebhookStatus.LIVE, RESUMED),
    begins=WebhookStatus.LIVE,
)


class WebhookEndpoint(Entity):
    """`failures`: how often in a row its server could not take anything at all, `failing_since` the first of them; until
    `retry_at` it is left alone. `succeeded_at`: when something last reached it, to the minute.
    """

    __tablename__ = "webhook_endpoints"

    id: Mapped[Id] = mapped_column(init=False)
    partner_id: Mapped[UUID] = mapped_column(ForeignKey(Partner.id, ondelete="CASCADE"), index=True)
    url: Mapped[str]
    event_types: Mapped[list[str]]
    created_at: Mapped[datetime]
    status: Mapped[WebhookStatus] = mapped_column(default=WebhookStatus.LIVE)
    paused_at: Mapped[datetime | None] = mapped_column(default=None)
    pause_reason: Mapped[WebhookPauseReason | None] = mapped_column(default=None)
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None] = mapped_column(default=None)
    retry_at: Mapped[datetime | None] = mapped_column(default=None)
    succeeded_at: Mapped[datetime | None] = mapped_column(default=None)
    deleted_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "deleted_at"),)


Index(
    "ix_webhook_endpoints_unwell",
    WebhookEndpoint.id,
    postgresql_where=(WebhookEndpoint.status == WebhookStatus.PAUSED) | (WebhookEndpoint.failures > 0),
)

# Whoever is listened to hears of all, though nothing is ever sent there.
IS_POSTED_TO = WebhookEndpoint.url.not_like(ANY_LISTENED)


def visible_to(actor: PartnerActor) -> Select[WebhookEndpoint]:
    """The partner's own, whether live or paused."""
    return of_partner(actor).where(WebhookEndpoint.deleted_at.is_(None))


def of_partner(actor: PartnerActor) -> Select[WebhookEndpoint]:
    """All webhooks of a partner, deleted ones too."""
    if not actor.may(Permission.RECEIVE_EVENTS):
        return select(WebhookEndpoint).where(text("false"))
    return select(WebhookEndpoint).where(WebhookEndpoint.partner_id == actor.partner_id)


async def by_ids(db: Db, ids: Iterable[UUID]) -> dict[UUID, WebhookEndpoint]:
    rows = (await db.execute(select(WebhookEndpoint).where(WebhookEndpoint.id.in_(ids)))).scalars()
    return {row.id: row for row in rows}


async def pause(db: Db, endpoint: WebhookEndpoint, reason: WebhookPauseReason) -> None:
    """Send nothing any more until somebody resumes it; what it would have heard waits. Does nothing to one that is paused."""
    if endpoint.status == WebhookStatus.PAUSED:
        return
    endpoint.paused_at, endpoint.pause_reason = await clock.now(db), reason
    await LIFE.move(db, endpoint, WebhookStatus.PAUSED, reason=reason.value)
    log.warning(
        "webhook.paused", endpoint_id=str(endpoint.id), partner_id=str(endpoint.partner_id), reason=reason.value
    )


async def resume(db: Db, endpoint: WebhookEndpoint) -> None:
    """Send again. Does nothing to one that is live."""
    if endpoint.status == WebhookStatus.PAUSED:
        endpoint.paused_at = endpoint.pause_reason = None
        await LIFE.move(db, endpoint, WebhookStatus.LIVE)


def forgive(endpoint: WebhookEndpoint) -> None:
    """Treat it as if it had never failed."""
    endpoint.failures, endpoint.failing_since, endpoint.retry_at = 0, None, None
