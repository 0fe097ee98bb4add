"""What people asked of a partner, the newest change first: what its feed has, and nothing of the person."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.partner.pages.listing import further, listed
from api.partner.pages.rendering import page
from api.partner.pages.visits import MemberVisit, requires
from domain.applications import feed
from domain.applications.applications import ApplicationStatus
from domain.market import products
from domain.permissions import Permission
from infra.database import reading
from infra.words import N_

STATUSES = {
    ApplicationStatus.SUBMITTED: N_("Waits for an answer"),
    ApplicationStatus.DELAYED: N_("Promise missed"),
    ApplicationStatus.IN_REVIEW: N_("Referred"),
    ApplicationStatus.APPROVED: N_("Approved"),
    ApplicationStatus.DECLINED: N_("Declined"),
    ApplicationStatus.WITHDRAWN: N_("Taken back"),
    ApplicationStatus.ACCEPTED: N_("Accepted"),
    ApplicationStatus.EXPIRED: N_("Expired"),
}


@requires(Permission.SEE_OWN_PARTNER)
async def applications_page(request: Request, visit: MemberVisit) -> Response:
    said = request.query_params.get("status")
    status = ApplicationStatus(said) if said in set(ApplicationStatus) else None
    await feed.PAGES.settle(visit.actor.partner_id)
    async with reading() as db:
        shown = await listed(request, db, feed.PAGES.changes(visit.actor.partner_id, status), feed.PAGES.order)
        named = await products.by_ids(db, {each.product_id for each in shown.items})
    return page(
        request,
        "applications.html",
        applications=shown.items,
        products=named,
        status=status,
        statuses=STATUSES,
        further=further(request, shown),
    )


routes: list[Route] = [
    Route("/partner/applications", applications_page),
]
