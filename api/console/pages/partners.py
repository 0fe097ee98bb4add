"""Partners: what each is owed and when it was paid out, and the share that Longan keeps, which two of the staff agree on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.refusing import NO_SUCH_PAGE, carry_out, error_of, status_of
from api.visits import posted
from domain.approvals import Approval, Verdict, history
from domain.people import commissions
from domain.people.commissions import CommissionRate
from domain.people.partners import Partner
from domain.permissions import Permission
from domain.reconciling import remittances
from infra.database import Db, reading
from infra.errors import Refusal, invalid
from infra.ids import read_id
from infra.words import N_

ADDRESS = "/console/partners"
SHOWN = 50


@dataclass(frozen=True)
class PartnerTerms:
    """`waiting` is a rate that nobody has said yes or no to; `is_mine`: the visitor proposed it."""

    partner: Partner
    rate: Decimal
    waiting: CommissionRate | None
    is_mine: bool


@requires(Permission.WATCH_MONEY)
async def partners_page(request: Request, visit: StaffVisit) -> Response:
    return await _show(request, visit)


async def _show(request: Request, visit: StaffVisit, refusal: Refusal | None = None) -> Response:
    error, status = error_of(request, refusal), status_of(refusal)
    async with reading() as db:
        live = select(Partner).where(~Partner.is_test).order_by(Partner.name)
        partners = {each.id: each for each in (await db.execute(live)).scalars()}
        newest = await remittances.newest(db, SHOWN)
        terms = await _terms(db, visit, list(partners.values()))
    shown = [(each, partners[each.partner_id]) for each in newest]
    return page(request, "partners.html", status, remittances=shown, terms=terms, error=error)


async def _terms(db: Db, visit: StaffVisit, partners: list[Partner]) -> list[PartnerTerms]:
    proposed = await commissions.history(db)
    given = await history(db, commissions.KIND, {str(each.id) for each in partners})
    by_partner = {each.id: [rate for rate in proposed if rate.partner_id == each.id] for each in partners}
    return [_terms_of(visit, each, by_partner[each.id], given[str(each.id)]) for each in partners]


def _terms_of(visit: StaffVisit, partner: Partner, rates: list[CommissionRate], given: list[Approval]) -> PartnerTerms:
    agreed = sorted((each for each in rates if each.agreed_at), key=lambda each: each.agreed_at or each.proposed_at)
    undecided = {each.hash: each for each in given if each.verdict is None}
    waiting = next((each for each in rates if each.hash in undecided), None)
    is_mine = waiting is not None and undecided[waiting.hash].proposed_by == visit.actor.staff_id
    return PartnerTerms(partner, agreed[-1].rate if agreed else Decimal(0), waiting, is_mine)


@requires(Permission.MOVE_MONEY)
async def pay(request: Request, visit: StaffVisit) -> Response:
    """Say by which reference of the bank a remittance went out."""
    reference = str((await request.form()).get("reference", "")).strip()
    return await _done(request, visit, lambda db, id: remittances.pay(db, visit.actor, id, reference))


@requires(Permission.MOVE_MONEY)
async def propose(request: Request, visit: StaffVisit) -> Response:
    said = str((await request.form()).get("rate", "")).strip()
    return await _done(request, visit, lambda db, id: commissions.propose(db, visit.actor, id, _rate(said)))


@requires(Permission.MOVE_MONEY)
async def answer(request: Request, visit: StaffVisit) -> Response:
    """Say yes to the rate that was shown, or no."""
    form = await request.form()
    verdict, seen = str(form.get("verdict", "")), str(form.get("seen", ""))

    async def given(db: Db, id: UUID) -> None:
        if verdict == Verdict.APPROVED:
            await commissions.agree(db, visit.actor, id, seen)
        else:
            await commissions.reject(db, visit.actor, id)

    return await _done(request, visit, given)


def _rate(said: str) -> Decimal:
    """A share, written in percent."""
    try:
        return Decimal(said) / 100
    except ArithmeticError:  # no number, or one that overflows
        raise invalid(N_("Write a share in percent, as 0.5."), "rate") from None


async def _done(request: Request, visit: StaffVisit, verb: Callable[[Db, UUID], Awaitable[Any]]) -> Response:
    id = read_id(request.path_params["id"])
    if id is None:
        return page(request, "refused.html", 404, why=NO_SUCH_PAGE)
    return await carry_out(lambda db: verb(db, id), ADDRESS, partial(_show, request, visit))


routes: list[Route] = [
    Route("/console/partners", partners_page),
    posted("/console/remittances/{id}", pay),
    posted("/console/partners/{id}/commission", propose),
    posted("/console/commissions/{id}", answer),
]
