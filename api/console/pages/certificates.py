"""The certificate of a campaign as a page: no credit decision changed."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console import certifying
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from domain.permissions import Permission
from infra.database import reading
from infra.ids import read_id
from membership.campaigns import campaigns
from membership.campaigns.campaigns import Campaign


@requires(Permission.SEE_CAMPAIGNS)
async def certificate_page(request: Request, visit: StaffVisit) -> Response:
    id = read_id(request.path_params["id"])
    if id is None:
        return page(request, "refused.html", 404, why=campaigns.NOT_FOUND)
    async with reading() as db:
        campaign = await db.get(Campaign, id)
        if campaign is None:
            return page(request, "refused.html", 404, why=campaigns.NOT_FOUND)
        certificate = await certifying.certify(db, id)
    # Of a small audience even how many were decided upon says something about somebody.
    is_told = campaign.audience_size > 0
    return page(
        request, "certificate.html", campaign=campaign, certificate=certificate, is_told=is_told, most=certifying.SAMPLE
    )


routes: list[Route] = [
    Route("/console/campaigns/{id}/certificate", certificate_page),
]
