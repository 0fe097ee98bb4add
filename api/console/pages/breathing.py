"""Breathing spaces: risk looks at what one would spare a person, and records it; on the page of hardships."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.console.pages import hardships
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.refusing import NO_SUCH_PAGE, carry_out
from api.visits import posted
from domain.agreements import agreements, breathing, ending_breathing
from domain.agreements.agreements import Agreement
from domain.agreements.breathing import Spared
from domain.permissions import Permission
from infra.calendar import read_day
from infra.database import Db, reading, transact
from infra.errors import Refusal, invalid, not_found
from infra.ids import parse_global_id, read_id
from infra.words import N_

NO_SUCH = N_("We could not find this agreement.")


@requires(Permission.ANSWER_HARDSHIPS)
async def breathe(request: Request, visit: StaffVisit) -> Response:
    """Show first what it would spare on each agreement; record it once that was seen."""
    form = await request.form()
    said = {name: str(form.get(name, "")).strip() for name in ("agreement", "from", "until", "reason")}
    shown: Sequence[Spared] | None = None
    try:
        first, last = _day(said["from"], "from"), _day(said["until"], "until")
        async with reading() as db:
            user_id = await _person(db, visit, said["agreement"])
            if form.get("said") != "record":
                shown = await breathing.preview(db, visit.actor, user_id, first, last)
        if shown is None:
            await transact(lambda db: breathing.record(db, visit.actor, user_id, first, last, said["reason"]))
            return RedirectResponse(hardships.ADDRESS, 303)
    except Refusal as refusal:
        return await hardships.show(request, visit, refusal)
    return await hardships.show(request, visit, spared=shown)


@requires(Permission.ANSWER_HARDSHIPS)
async def end(request: Request, visit: StaffVisit) -> Response:
    """Let one be over with today."""
    form = await request.form()
    id = read_id(request.path_params["id"])
    if id is None:
        return page(request, "refused.html", 404, why=NO_SUCH_PAGE)
    return await carry_out(
        lambda db: ending_breathing.end(db, visit.actor, id, str(form.get("reason", ""))),
        hardships.ADDRESS,
        partial(hardships.show, request, visit),
    )


def _day(text: str, field: str) -> date:
    try:
        return read_day(text)
    except ValueError:
        raise invalid(N_("Say both days, as 2027-01-31."), field) from None


async def _person(db: Db, visit: StaffVisit, id: str) -> UUID:
    """Whose agreement it is, by the id under which the console shows it."""
    parsed = parse_global_id(id)
    theirs = agreements.visible_to(visit.actor).with_only_columns(Agreement.user_id)
    found = await db.scalar(theirs.where(Agreement.id == parsed[1])) if parsed and parsed[0] == "Agreement" else None
    if found is None:
        raise not_found(NO_SUCH, "agreement")
    assert isinstance(found, UUID)
    return found


routes: list[Route] = [
    posted("/console/breathing-spaces", breathe),
    posted("/console/breathing-spaces/{id}/end", end),
]
