"""The first page: where a partner's applications and agreements stand, what it is owed, and what needs a look."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.money import STATUSES as AGREEMENT_STATUSES
from api.partner.pages.applications import STATUSES
from api.partner.pages.rendering import page
from api.partner.pages.visits import MemberVisit, requires
from domain.actors import PartnerActor
from domain.agreements import agreements
from domain.agreements.agreements import Agreement
from domain.applications import applications
from domain.applications.applications import Application
from domain.people import expiring
from domain.people.expiring import ExpiringProof
from domain.people.partners import PartnerClient
from domain.permissions import Permission
from domain.reconciling import remittances
from infra.database import Db, reading
from integrations.webhooks import deliveries, endpoints
from integrations.webhooks.deliveries import DeliveryState, WebhookDelivery
from integrations.webhooks.endpoints import WebhookEndpoint, WebhookStatus


@dataclass(frozen=True)
class PartnerStanding:
    """`owed`: what is due to it and not paid out yet, in each currency. `unwell`: webhooks that hear of nothing just now.
    `expiring`: what proves its clients, and is over before long."""

    applications: dict[str, int]
    agreements: dict[str, int]
    owed: dict[str, int]
    unwell: Sequence[WebhookEndpoint]
    failed: int
    expiring: Sequence[ExpiringProof]


@requires(Permission.SEE_OWN_PARTNER)
async def home(request: Request, visit: MemberVisit) -> Response:
    async with reading() as db:
        standing = await _standing(db, visit.actor.partner)
    return page(request, "home.html", standing=standing, statuses=STATUSES, agreement_statuses=AGREEMENT_STATUSES)


async def _standing(db: Db, actor: PartnerActor) -> PartnerStanding:
    unwell = endpoints.visible_to(actor).where(
        (WebhookEndpoint.status == WebhookStatus.PAUSED) | (WebhookEndpoint.failures > 0), endpoints.IS_POSTED_TO
    )
    failed = deliveries.visible_to(actor).where(WebhookDelivery.state == DeliveryState.FAILED)
    return PartnerStanding(
        applications=await _count(db, applications.visible_to(actor), Application.status),
        agreements=await _count(db, agreements.visible_to(actor), Agreement.status),
        owed=await remittances.due_to(db, actor.partner_id),
        unwell=(await db.execute(unwell.order_by(WebhookEndpoint.id))).scalars().all(),
        failed=(await db.execute(select(func.count()).select_from(failed.subquery()))).scalar_one(),
        expiring=await expiring.soon(db, PartnerClient.partner_id == actor.partner_id),
    )


async def _count(db: Db, rows: Select[Any], status: Any) -> dict[str, int]:
    counted = rows.with_only_columns(status, func.count()).group_by(status)
    return {each.value: count for each, count in (await db.execute(counted)).all()}


routes: list[Route] = [
    Route("/partner", home),
]
