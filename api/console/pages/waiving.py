"""Waiving late fees: on the page of an agreement, by whoever may."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.console.pages import money
from api.console.pages.numbers import read_whole
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.refusing import sentence_of, status_of
from api.visits import posted
from domain.agreements import waiving
from domain.agreements.waiving import WhyWaived
from domain.permissions import Permission
from infra.database import transact
from infra.errors import Refusal
from infra.ids import parse_global_id
from infra.words import N_


@requires(Permission.WAIVE_LATE_FEES)
async def waive(request: Request, visit: StaffVisit) -> Response:
    form, parsed = await request.form(), parse_global_id(request.path_params["id"])
    number, why = read_whole(str(form.get("number", ""))), str(form.get("why", ""))
    if number is None or why not in set(WhyWaived):
        return page(request, "refused.html", 404, why=N_("There is no such page."))
    if parsed is None or parsed[0] != "Agreement":
        return page(request, "refused.html", 404, why=money.NO_SUCH)
    id = parsed[1]
    try:
        await transact(lambda db: waiving.waive(db, visit.actor, id, number, WhyWaived(why)))
    except Refusal as refusal:
        error = sentence_of(request, refusal)
        return await money.show_agreement(request, error, status_of(refusal))
    return RedirectResponse(f"/console/agreements/{request.path_params['id']}", 303)


routes: list[Route] = [
    posted("/console/agreements/{id}/late-fees", waive),
]
