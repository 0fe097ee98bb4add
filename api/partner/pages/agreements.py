"""A partner's agreements, the newest change first, with what is owed on each."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.money import STATUSES
from api.partner.pages.listing import further, listed
from api.partner.pages.rendering import page
from api.partner.pages.visits import MemberVisit, requires
from domain.agreements import feed
from domain.agreements.agreements import AgreementStatus
from domain.agreements.standings import standings
from domain.permissions import Permission
from infra.database import reading


@requires(Permission.SEE_OWN_PARTNER)
async def agreements_page(request: Request, visit: MemberVisit) -> Response:
    said = request.query_params.get("status")
    status = AgreementStatus(said) if said in set(AgreementStatus) else None
    await feed.PAGES.settle(visit.actor.partner_id)
    async with reading() as db:
        shown = await listed(request, db, feed.PAGES.changes(visit.actor.partner_id, status), feed.PAGES.order)
        owed = await standings(db, {(each.user_id, each.id) for each in shown.items})
    rows = [(each, owed[each.user_id, each.id]) for each in shown.items]
    return page(
        request, "agreements.html", agreements=rows, status=status, statuses=STATUSES, further=further(request, shown)
    )


routes: list[Route] = [
    Route("/partner/agreements", agreements_page),
]
