"""Waiving late fees: on the page of an agreement, by whoever may."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages import money
from api.console.pages.numbers import read_whole
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.refusing import NO_SUCH_PAGE, carry_out
from api.visits import posted
from domain.agreements import waiving
from domain.agreements.waiving import WhyWaived
from domain.permissions import Permission
from infra.ids import parse_global_id


@requires(Permission.WAIVE_LATE_FEES)
async def waive(request: Request, visit: StaffVisit) -> Response:
    form, parsed = await request.form(), parse_global_id(request.path_params["id"])
    number, why = read_whole(str(form.get("number", ""))), str(form.get("why", ""))
    if number is None or why not in set(WhyWaived):
        return page(request, "refused.html", 404, why=NO_SUCH_PAGE)
    if parsed is None or parsed[0] != "Agreement":
        return page(request, "refused.html", 404, why=money.NO_SUCH)
    id = parsed[1]
    return await carry_out(
        lambda db: waiving.waive(db, visit.actor, id, number, WhyWaived(why)),
        f"/console/agreements/{request.path_params['id']}",
        partial(money.show_agreement, request),
    )


routes: list[Route] = [
    posted("/console/agreements/{id}/late-fees", waive),
]
