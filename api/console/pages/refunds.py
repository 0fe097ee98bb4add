"""A refund that the cashier did not make: by which transfer of our bank it went out, and that a second person agrees."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.rendering import page
from api.console.pages.takings import id_of
from api.console.pages.visits import StaffVisit, requires
from api.refusing import carry_out, error_of, status_of
from api.visits import posted
from domain.approvals import Verdict
from domain.payments import by_hand
from domain.permissions import Permission
from infra.database import Db, reading
from infra.errors import Refusal
from infra.words import N_


@requires(Permission.WATCH_MONEY)
async def refund_page(request: Request, visit: StaffVisit) -> Response:
    return await _show(request, visit)


async def _show(request: Request, visit: StaffVisit, refusal: Refusal | None = None) -> Response:
    async with reading() as db:
        refund = await by_hand.find(db, id_of(request))
        if refund is None:
            return page(request, "refused.html", 404, why=N_("We could not find this refund."))
        given = await by_hand.history(db, refund)
        waiting = given[-1] if given and given[-1].verdict is None else None
        is_open = await (by_hand.can_be_booked if waiting else by_hand.is_owed_back)(db, refund)
    return page(
        request,
        "refund.html",
        status_of(refusal),
        refund=refund,
        is_open=is_open,
        waiting=waiting,
        is_mine=waiting is not None and waiting.proposed_by == visit.actor.staff_id,
        seen=by_hand.hash_of(refund, waiting.title) if waiting else "",
        error=error_of(request, refusal),
    )


@requires(Permission.MOVE_MONEY)
async def give_by_hand(request: Request, visit: StaffVisit) -> Response:
    """Say by which transfer it went out, or answer who said so."""
    form = await request.form()
    verdict, seen, reference = (str(form.get(name, "")).strip() for name in ("verdict", "seen", "reference"))
    match verdict:
        case Verdict.APPROVED:
            return await _done(request, visit, lambda db, id: by_hand.approve(db, visit.actor, id, seen))
        case Verdict.REJECTED:
            return await _done(request, visit, lambda db, id: by_hand.reject(db, visit.actor, id))
        case _:
            return await _done(request, visit, lambda db, id: by_hand.propose(db, visit.actor, id, reference))


async def _done(request: Request, visit: StaffVisit, verb: Callable[[Db, UUID], Awaitable[Any]]) -> Response:
    id = id_of(request)
    return await carry_out(lambda db: verb(db, id), f"/console/refunds/{id}", partial(_show, request, visit))


routes: list[Route] = [
    Route("/console/refunds/{id}", refund_page),
    posted("/console/refunds/{id}/by-hand", give_by_hand),
]
