"""What was posted to a partner's webhooks and what became of it; somebody of the partner may have it sent once more."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.partner.deliveries import ERRORS
from api.partner.pages.listing import further, listed
from api.partner.pages.rendering import page
from api.partner.pages.visits import MemberVisit, requires
from api.refusing import NO_SUCH_PAGE, carry_out, error_of, status_of
from api.visits import posted
from domain.permissions import Permission
from infra.database import reading
from infra.errors import Refusal
from infra.ids import read_id
from infra.words import N_
from integrations.webhooks import deliveries, endpoints, listing, replaying
from integrations.webhooks.deliveries import WebhookDelivery, WebhookDeliveryStatus
from integrations.webhooks.endpoints import WebhookEndpoint
from integrations.webhooks.payloads import event_global_id

ADDRESS = "/partner/deliveries"
STATUSES = {
    WebhookDeliveryStatus.PENDING: N_("On its way"),
    WebhookDeliveryStatus.DELIVERED: N_("Delivered"),
    WebhookDeliveryStatus.FAILED: N_("Not taken"),
    WebhookDeliveryStatus.PAUSED: N_("Paused"),
}


@dataclass(frozen=True)
class DeliveryRow:
    """One delivery as the table shows it."""

    delivery: WebhookDelivery
    endpoint: WebhookEndpoint

    @property
    def event_id(self) -> str:
        """What its header `webhook-id` says."""
        return event_global_id(self.delivery.event_id)

    @property
    def status(self) -> WebhookDeliveryStatus:
        return deliveries.status_of(self.delivery, self.endpoint)

    @property
    def error(self) -> str | None:
        return ERRORS.get(self.delivery.last_outcome) if self.delivery.last_outcome else None

    @property
    def next_at(self) -> datetime | None:
        if self.status is not WebhookDeliveryStatus.PENDING:
            return None
        return max(self.delivery.next_at, self.endpoint.retry_at or self.delivery.next_at)

    @property
    def can_be_sent(self) -> bool:
        return self.endpoint.deleted_at is None


@requires(Permission.SEE_OWN_PARTNER)
async def deliveries_page(request: Request, visit: MemberVisit) -> Response:
    return await _show(request, visit)


@requires(Permission.RECEIVE_EVENTS)
async def resend(request: Request, visit: MemberVisit) -> Response:
    """Send it now, whatever became of it, by the same ids."""
    delivery_id = read_id(request.path_params["id"])
    if delivery_id is None:
        return page(request, "refused.html", 404, why=NO_SUCH_PAGE)
    return await carry_out(
        lambda db: replaying.replay(db, visit.actor.partner, delivery_id), ADDRESS, partial(_show, request, visit)
    )


async def _show(request: Request, visit: MemberVisit, refusal: Refusal | None = None) -> Response:
    said = request.query_params.get("status")
    status = WebhookDeliveryStatus(said) if said in set(WebhookDeliveryStatus) else None
    async with reading() as db:
        own, id = await listing.listed(db, visit.actor.partner, endpoint_id=None, status=status)
        shown = await listed(request, db, own, [id])
        by_id = await endpoints.by_ids(db, {each.endpoint_id for each in shown.items})
        hooks = endpoints.visible_to(visit.actor.partner).order_by(WebhookEndpoint.id)
        webhooks = (await db.execute(hooks)).scalars().all()
    return page(
        request,
        "deliveries.html",
        status_of(refusal),
        rows=[DeliveryRow(each, by_id[each.endpoint_id]) for each in shown.items],
        webhooks=webhooks,
        status=status,
        statuses=STATUSES,
        further=further(request, shown),
        error=error_of(request, refusal),
    )


routes: list[Route] = [
    Route("/partner/deliveries", deliveries_page),
    posted("/partner/deliveries/{id}", resend),
]
