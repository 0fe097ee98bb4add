"""Trying a campaign's message on one's own phone, in two steps: a code is sent there, and brings the message."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.addresses import client_address
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.html import locale_of
from api.refusing import error_of, status_of
from api.visits import posted
from domain.permissions import Permission
from infra.database import reading, transact
from infra.errors import Refusal
from infra.ids import read_id
from membership.campaigns import campaigns, trying
from membership.campaigns.campaigns import Campaign


@requires(Permission.CHANGE_MEMBERSHIP)
async def trial(request: Request, visit: StaffVisit) -> Response:
    """The form; once a phone was named, the one for its code; once that is right, where to look."""
    campaign = await _campaign(request.path_params["id"])
    if campaign is None:
        return page(request, "refused.html", 404, why=campaigns.NOT_FOUND)
    form = await request.form() if request.method == "POST" else {}
    challenge, code = read_id(str(form.get("challenge", ""))), str(form.get("code", ""))
    phone, done = str(form.get("phone", "")), False
    refusal: Refusal | None = None
    try:
        if challenge is not None:
            refusal = await _send(visit, campaign.id, challenge, code)
            done = refusal is None
        elif phone:
            challenge = await _ask(request, phone)
    except Refusal as refused:
        refusal = refused
    error, status = error_of(request, refusal), status_of(refusal)
    return page(
        request, "trial.html", status, campaign=campaign, challenge=challenge, phone=phone, done=done, error=error
    )


async def _ask(request: Request, phone: str) -> UUID:
    ip, locale = client_address(request.scope), locale_of(request)
    asked = await transact(lambda db: trying.ask_for_code(db, phone=phone, ip=ip, locale=locale))
    return asked.id


async def _send(visit: StaffVisit, campaign_id: UUID, challenge_id: UUID, code: str) -> Refusal | None:
    """Why it was not sent; None where it was."""
    answer = await transact(
        lambda db: trying.send(db, visit.actor, campaign_id=campaign_id, challenge_id=challenge_id, code=code)
    )
    return answer if isinstance(answer, Refusal) else None


async def _campaign(text: str) -> Campaign | None:
    id = read_id(text)
    async with reading() as db:
        return await db.get(Campaign, id) if id else None


routes: list[Route] = [
    Route("/console/campaigns/{id}/trial", trial),
    posted("/console/campaigns/{id}/trial", trial),
]
