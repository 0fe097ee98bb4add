"""Money that fits nothing, one by one: what is known of it, and the forms by which staff find out what becomes of it."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.money import WHY
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.refusing import carry_out, error_of, status_of
from api.visits import posted
from domain.agreements.agreements import Agreement, no_such_agreement
from domain.agreements.repaying import REPAYMENT
from domain.approvals import Verdict
from domain.payments import fitting, refunding, sending_back
from domain.payments.causes import PaidFor
from domain.payments.payments import Payment
from domain.payments.takings import Taking
from domain.permissions import Permission
from infra.database import Db, reading
from infra.errors import Refusal
from infra.ids import global_id, parse_global_id, read_id
from infra.words import N_


@requires(Permission.WATCH_MONEY)
async def taking_page(request: Request, visit: StaffVisit) -> Response:
    return await _show(request, visit)


async def _show(request: Request, visit: StaffVisit, refusal: Refusal | None = None) -> Response:
    async with reading() as db:
        taking = (await db.execute(select(Taking).where(Taking.id == id_of(request)))).scalar_one_or_none()
        if taking is None:
            return page(request, "refused.html", 404, why=N_("We could not find this money."))
        given = await sending_back.history(db, taking)
        waiting = given[-1] if given and given[-1].verdict is None else None
        seen = await sending_back.hash_of(db, taking) if waiting else ""
        is_on_its_way = bool(taking.why) and await sending_back.is_on_its_way(db, taking)
        agreement_id = await _agreement_of(db, taking)
    return page(
        request,
        "taking.html",
        status_of(refusal),
        taking=taking,
        why=WHY[taking.why],
        waiting=waiting,
        is_mine=waiting is not None and waiting.proposed_by == visit.actor.staff_id,
        seen=seen,
        is_on_its_way=is_on_its_way,
        agreement_id=agreement_id,
        error=error_of(request, refusal),
    )


async def _agreement_of(db: Db, taking: Taking) -> str | None:
    if taking.payment_id is None:
        return None
    found = await db.scalar(select(Payment.cause_id).where(Payment.id == taking.payment_id))
    return global_id("Agreement", found) if found else None


@requires(Permission.MOVE_MONEY)
async def fit(request: Request, visit: StaffVisit) -> Response:
    """Say of which agreement it is a payment."""
    form = await request.form()
    named, reason = parse_global_id(str(form.get("agreement", "")).strip()), str(form.get("reason", "")).strip()

    async def fitted(db: Db, id: UUID) -> None:
        agreement_id = named[1] if named and named[0] == "Agreement" else None
        owner = await db.scalar(select(Agreement.user_id).where(Agreement.id == agreement_id))
        if owner is None or agreement_id is None:
            raise no_such_agreement()
        await fitting.fit(db, visit.actor, id, owner, PaidFor(REPAYMENT, agreement_id), reason)

    return await _done(request, visit, fitted)


@requires(Permission.MOVE_MONEY)
async def send_back(request: Request, visit: StaffVisit) -> Response:
    """Propose that it goes back, or answer who proposed it."""
    form = await request.form()
    verdict, seen, reason = (str(form.get(name, "")).strip() for name in ("verdict", "seen", "reason"))
    begun: list[tuple[UUID, UUID]] = []

    async def sent(db: Db, id: UUID) -> None:
        begun.clear()
        match verdict:
            case Verdict.APPROVED:
                refund = await sending_back.approve(db, visit.actor, id, seen)
                begun.append((refund.user_id, refund.id))
            case Verdict.REJECTED:
                await sending_back.reject(db, visit.actor, id)
            case _:
                await sending_back.propose(db, visit.actor, id, reason)

    answer = await _done(request, visit, sent)
    for user_id, refund_id in begun:
        await refunding.ask(user_id, refund_id)
    return answer


async def _done(request: Request, visit: StaffVisit, verb: Callable[[Db, UUID], Awaitable[Any]]) -> Response:
    id = id_of(request)
    return await carry_out(lambda db: verb(db, id), f"/console/takings/{id}", partial(_show, request, visit))


def id_of(request: Request) -> UUID:
    """Nobody's where the address names none."""
    return read_id(request.path_params["id"]) or UUID(int=0)


routes: list[Route] = [
    Route("/console/takings/{id}", taking_page),
    posted("/console/takings/{id}/fit", fit),
    posted("/console/takings/{id}/back", send_back),
]
