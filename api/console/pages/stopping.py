"""Stops: what moves no money for now and why, what waits for it, and the buttons to stop and, by two people, to lift."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.refusing import NO_SUCH_PAGE, carry_out, error_of, status_of
from api.visits import posted
from domain import stops
from domain.approvals import Verdict, history
from domain.market.products import Product
from domain.market.products import published as all_published
from domain.people import staff
from domain.people.partners import Partner
from domain.permissions import Permission
from domain.stops import EVERYTHING, Held, Stop, StopKind
from infra.database import Db, reading
from infra.errors import Refusal
from infra.ids import read_id
from infra.words import N_

ADDRESS = "/console/stops"
SHOWN = 50
KINDS = {
    StopKind.DRAW_DOWNS: N_("Draw-downs"),
    StopKind.AUTOPAY: N_("Autopay"),
    StopKind.PAYOUTS: N_("Payouts"),
}


@dataclass(frozen=True)
class StopLine:
    """A stop as the page shows it. `seen` is what a second person agrees to, None while nobody has asked for it to be lifted;
    `is_mine`: the visitor asked.
    """

    stop: Stop
    of: str | None
    by: str
    held: list[Held]
    seen: str | None
    is_mine: bool


@requires(Permission.STOP_MONEY)
async def stops_page(request: Request, visit: StaffVisit) -> Response:
    return await _show(request, visit)


@requires(Permission.STOP_MONEY)
async def stop(request: Request, visit: StaffVisit) -> Response:
    form = await request.form()
    kind, reason = str(form.get("kind", "")), str(form.get("reason", "")).strip()
    subject = read_id(str(form.get("subject", "")) or str(EVERYTHING))
    if kind not in set(StopKind) or subject is None:
        return page(request, "refused.html", 404, why=NO_SUCH_PAGE)
    return await carry_out(
        lambda db: stops.stop(db, visit.actor, StopKind(kind), subject, reason), ADDRESS, partial(_show, request, visit)
    )


@requires(Permission.STOP_MONEY)
async def answer(request: Request, visit: StaffVisit) -> Response:
    """Ask for it to be lifted; and as a second person agree, or not."""
    form = await request.form()
    said, seen, id = str(form.get("said", "")), str(form.get("seen", "")), read_id(request.path_params["id"])
    if id is None:
        return page(request, "refused.html", 404, why=NO_SUCH_PAGE)

    async def given(db: Db) -> None:
        match said:
            case Verdict.APPROVED:
                await stops.lift(db, visit.actor, id, seen)
            case Verdict.REJECTED:
                await stops.keep(db, visit.actor, id)
            case _:
                await stops.propose_lift(db, visit.actor, id)

    return await carry_out(given, ADDRESS, partial(_show, request, visit))


async def _show(request: Request, visit: StaffVisit, refusal: Refusal | None = None) -> Response:
    error, status = error_of(request, refusal), status_of(refusal)
    async with reading() as db:
        live = select(Partner.id, Partner.name).where(~Partner.is_test).order_by(Partner.name)
        partners = dict((await db.execute(live)).all())
        published = all_published().with_only_columns(Product.id, Product.title)
        products = dict((await db.execute(published.order_by(Product.title, Product.id))).all())
        lines = await _lines(db, visit, {**partners, **products})
    return page(
        request, "stops.html", status, lines=lines, kinds=KINDS, partners=partners, products=products, error=error
    )


async def _lines(db: Db, visit: StaffVisit, names: dict[UUID, str]) -> list[StopLine]:
    newest = await stops.newest(db, SHOWN)
    given = await history(db, stops.LIFT, {str(each.id) for each in newest})
    by = await staff.names_of(db, {each.stopped_by for each in newest})
    held = {kind: await stops.list_held(db, kind) for kind in {each.kind for each in newest if not each.lifted_at}}
    lines = list[StopLine]()
    for each in newest:
        asked = next((one for one in given[str(each.id)] if one.verdict is None), None)
        of = None if each.subject_id == EVERYTHING else names.get(each.subject_id, str(each.subject_id))
        waiting = [] if each.lifted_at else [one for one in held[each.kind] if one.count]
        is_mine = asked is not None and asked.proposed_by == visit.actor.staff_id
        lines.append(StopLine(each, of, by[each.stopped_by], waiting, asked.hash if asked else None, is_mine))
    return lines


routes: list[Route] = [
    Route("/console/stops", stops_page),
    posted("/console/stops", stop),
    posted("/console/stops/{id}", answer),
]
