"""Waiving late fees: on the page of an agreement, by whoever may."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.console.pages import money
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.html import locale_of
from api.visits import posted
from domain.agreements import waiving
from domain.agreements.waiving import WhyWaived
from domain.permissions import Permission
from infra.database import transact
from infra.errors import Refusal, RefusalCode
from infra.ids import parse_global_id
from infra.words import N_, say

STATUS = {RefusalCode.NOT_FOUND: 404, RefusalCode.NOT_ALLOWED: 403}


@requires(Permission.WAIVE_LATE_FEES)
async def waive(request: Request, visit: StaffVisit) -> Response:
    form, parsed = await request.form(), parse_global_id(request.path_params["id"])
    try:
        number, why = int(str(form.get("number", ""))), WhyWaived(str(form.get("why", "")))
    except ValueError:
        return page(request, "refused.html", 404, why=N_("There is no such page."))
    if parsed is None or parsed[0] != "Agreement":
        return page(request, "refused.html", 404, why=money.NO_SUCH)
    id = parsed[1]
    try:
        await transact(lambda db: waiving.waive(db, visit.actor, id, number, why))
    except Refusal as refusal:
        error = say(refusal.message, locale_of(request), **refusal.values)
        return await money.show_agreement(request, error, STATUS.get(refusal.code, 409))
    return RedirectResponse(f"/console/agreements/{request.path_params['id']}", 303)


routes: list[Route] = [
    posted("/console/agreements/{id}/late-fees", waive),
]
