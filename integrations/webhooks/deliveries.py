"""WebhookDelivery: one event on its way to one webhook, with every attempt to get it there."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Select, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import PartnerActor
from domain.permissions import Permission
from infra.database import Db
from infra.entity import Entity, Id
from infra.lifecycle import Lifecycle, Move, without_graph
from integrations.webhooks.endpoints import WebhookEndpoint, WebhookStatus
from integrations.webhooks.event_types import EventType


class DeliveryState(StrEnum):
    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class WebhookDeliveryStatus(StrEnum):
    """What a partner sees: one that waits is paused while its webhook is."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    PAUSED = "PAUSED"


class AttemptOutcome(StrEnum):
    DELIVERED = "DELIVERED"
    REFUSED = "REFUSED"
    REDIRECTED = "REDIRECTED"
    GONE = "GONE"
    UNAVAILABLE = "UNAVAILABLE"
    TIMED_OUT = "TIMED_OUT"
    UNREACHABLE = "UNREACHABLE"
    UNSAFE_ADDRESS = "UNSAFE_ADDRESS"
    TLS_FAILED = "TLS_FAILED"
    BROKEN_OFF = "BROKEN_OFF"


# What no event can help: its server takes nothing, whatever is sent.
NOT_THERE = frozenset(
    {
        AttemptOutcome.UNAVAILABLE,
        AttemptOutcome.TIMED_OUT,
        AttemptOutcome.UNREACHABLE,
        AttemptOutcome.UNSAFE_ADDRESS,
        AttemptOutcome.TLS_FAILED,
        AttemptOutcome.BROKEN_OFF,
    }
)

LIFE = Lifecycle(
    "WebhookDelivery",
    Move([DeliveryState.WAITING], DeliveryState.DELIVERED),
    Move([DeliveryState.WAITING], DeliveryState.FAILED),
    Move([DeliveryState.DELIVERED, DeliveryState.FAILED], DeliveryState.WAITING),
    begins=DeliveryState.WAITING,
    column="state",
)


class WebhookDelivery(Entity):
    """`subject_id` is the application that the event is about, or the consent or redemption that came without one: what happened to
    it is sent in the order of `position`, the event's own, and of `event_id` where that is of before events had one.

    `tries` and `first_tried_at` begin anew when it is replayed or its webhook resumed; `attempts` are all there ever were.
    """

    __tablename__ = "webhook_deliveries"

    id: Mapped[Id] = mapped_column(init=False)
    partner_id: Mapped[UUID]
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    event_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(BigInteger, server_default="0")
    event_type: Mapped[EventType]
    subject_id: Mapped[UUID]
    happened_at: Mapped[datetime]
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    first_tried_at: Mapped[datetime | None] = mapped_column(default=None)
    last_outcome: Mapped[AttemptOutcome | None] = mapped_column(default=None)
    last_status: Mapped[int | None] = mapped_column(default=None)
    claimed_by: Mapped[UUID | None] = mapped_column(default=None)
    claimed_until: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (
        Index(None, "endpoint_id", "event_id", unique=True),
        # Each page of a list is read off one of these, whatever else there is.
        Index(None, "partner_id", "state", "id"),
        Index(None, "endpoint_id", "state", "id"),
        Index(None, "created_at"),
    )


IS_WAITING = WebhookDelivery.state == DeliveryState.WAITING
Index(
    "ix_webhook_deliveries_next",
    WebhookDelivery.endpoint_id,
    WebhookDelivery.next_at,
    WebhookDelivery.position,
    postgresql_where=IS_WAITING,
)
Index(
    "ix_webhook_deliveries_turn",
    WebhookDelivery.endpoint_id,
    WebhookDelivery.subject_id,
    WebhookDelivery.position,
    WebhookDelivery.event_id,
    postgresql_where=IS_WAITING,
)


# For statements in SQL. The webhooks that anything waits for, by one step of the index each.
ALL_WAITED_FOR = """waiting AS (
         (SELECT endpoint_id FROM webhook_deliveries WHERE state = 'WAITING' ORDER BY endpoint_id LIMIT 1)
         UNION ALL
         SELECT (SELECT w.endpoint_id FROM webhook_deliveries w
                  WHERE w.state = 'WAITING' AND w.endpoint_id > waiting.endpoint_id ORDER BY w.endpoint_id LIMIT 1)
           FROM waiting WHERE waiting.endpoint_id IS NOT NULL)"""
# Of an application only what happened first could be sent; what is under way is on its way.
COULD_BE_SENT = """w.state = 'WAITING' AND w.next_at <= longan_now()
                   AND (w.claimed_until IS NULL OR w.claimed_until <= clock_timestamp())
                   AND NOT EXISTS (SELECT FROM webhook_deliveries before
                                    WHERE before.endpoint_id = w.endpoint_id AND before.subject_id = w.subject_id
                                      AND before.state = 'WAITING'
                                      AND (before.position, before.event_id) < (w.position, w.event_id))"""


class WebhookAttempt(Entity):
    """What came of sending a delivery once; `status` is that of HTTP where its server answered."""

    __tablename__ = "webhook_attempts"

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    outcome: Mapped[AttemptOutcome] = mapped_column(info=without_graph("written once"))
    status: Mapped[int | None] = mapped_column(info=without_graph("an HTTP status"))
    milliseconds: Mapped[int]


def visible_to(actor: PartnerActor) -> Select[WebhookDelivery]:
    """The partner's own, those of deleted webhooks too."""
    if not actor.may(Permission.RECEIVE_EVENTS):
        return select(WebhookDelivery).where(text("false"))
    return select(WebhookDelivery).where(WebhookDelivery.partner_id == actor.partner_id)


def status_of(delivery: WebhookDelivery, endpoint: WebhookEndpoint) -> WebhookDeliveryStatus:
    if delivery.state != DeliveryState.WAITING:
        return WebhookDeliveryStatus(delivery.state)
    if endpoint.deleted_at is not None:
        return WebhookDeliveryStatus.FAILED  # which is not written of all of them yet
    return WebhookDeliveryStatus.PAUSED if endpoint.status == WebhookStatus.PAUSED else WebhookDeliveryStatus.PENDING


def ring(db: Db) -> None:
    """Wake the senders after the commit."""
    db.info.setdefault("announced", []).append(None)


async def attempts_of(db: Db, ids: set[UUID]) -> dict[UUID, list[WebhookAttempt]]:
    """All attempts of each delivery, oldest first."""
    its = select(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(ids)).order_by(WebhookAttempt.number)
    by_delivery: dict[UUID, list[WebhookAttempt]] = {id: [] for id in ids}
    for attempt in (await db.execute(its)).scalars():
        by_delivery[attempt.delivery_id].append(attempt)
    return by_delivery
