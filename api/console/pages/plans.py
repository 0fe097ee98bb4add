"""Plans: what is sold and what waits; written, approved by a second person, and retired."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.console.pages.exporting import table_as_csv
from api.console.pages.listing import TableQuery, exports, query_of
from api.console.pages.numbers import read_whole
from api.console.pages.rendering import page
from api.console.pages.tiers import QUOTAS
from api.console.pages.visits import StaffVisit, requires
from api.html import locale_of
from api.refusing import carry_out, status_of
from api.visits import posted
from domain.permissions import Permission
from infra.database import Db, reading, transact
from infra.errors import Refusal, invalid
from infra.money import Money
from infra.settings import settings
from infra.words import N_, say
from membership import benefits
from membership.plans import offering, subscriptions, wanted
from membership.plans.plans import MembershipPlan, OfferedStatus, PlanPeriod
from membership.plans.wanted import WantedPlan

ADDRESS = "/console/plans"
STATUSES = {
    OfferedStatus.DRAFT: N_("Draft"),
    OfferedStatus.SUBMITTED: N_("Waits for a second person"),
    OfferedStatus.LIVE: N_("Sold"),
    OfferedStatus.RETIRED: N_("Sold no more"),
}
PERIODS = {PlanPeriod.MONTH: N_("a month"), PlanPeriod.QUARTER: N_("a quarter"), PlanPeriod.YEAR: N_("a year")}
WISHES = {OfferedStatus.DRAFT: N_("Keep as a draft"), OfferedStatus.LIVE: N_("Sell it")}
ENDS = {OfferedStatus.RETIRED: N_("Sell it no more")}  # a plan that there is
PlanLine = tuple[MembershipPlan, int]  # and how many have it now
SORTS: dict[str, Callable[[PlanLine], Any]] = {
    "code": lambda line: line[0].code,
    "price": lambda line: line[0].price_minor,
    "haveIt": lambda line: line[1],
}


@requires(Permission.SEE_TIERS)
async def plans_page(request: Request, visit: StaffVisit) -> Response:
    return await _show(request)


@requires(Permission.SEE_TIERS)
@exports(plans_page)
async def exported(request: Request, visit: StaffVisit) -> Response:
    asked = query_of(request, ADDRESS, SORTS)
    async with reading() as db:
        lines = await _lines(db, asked)
    rows = ((p.code, p.version, p.name, p.status, p.price, p.currency, p.period, p.trial_days, has) for p, has in lines)
    columns = ("code", "version", "name", "status", "price", "currency", "period", "trialDays", "haveIt")
    return table_as_csv("plans", columns, rows)


@requires(Permission.CHANGE_MEMBERSHIP)
async def save(request: Request, visit: StaffVisit) -> Response:
    form = await request.form()
    version, key, status = (str(form.get(name, "")) for name in ("version", "key", "status"))
    try:
        if status not in set(OfferedStatus):
            raise invalid(N_("Choose one of these."), ("input", "status"))
        asked, seen = _wanted(form), read_whole(version)
        await transact(
            lambda db: offering.save(
                db, visit.actor, asked, status=OfferedStatus(status), expected_version=seen, key=key
            )
        )
    except Refusal as refusal:
        return await _show(request, refusal, form)
    return RedirectResponse(ADDRESS, 303)


@requires(Permission.APPROVE_MEMBERSHIP)
async def answer(request: Request, visit: StaffVisit) -> Response:
    """A second person's word on what waits."""
    form = await request.form()
    code, seen, said = (str(form.get(name, "")) for name in ("code", "seen", "said"))

    async def given(db: Db) -> None:
        if said == "approve":
            await offering.approve(db, visit.actor, code=code, seen=seen, comment="")
        else:
            await offering.reject(db, visit.actor, code=code, comment="")

    return await carry_out(given, ADDRESS, partial(_show, request))


def _wanted(form: FormData) -> WantedPlan:
    """As it was typed. Refuses INVALID what is no number or no amount."""
    said, currency = {name: str(value).strip() for name, value in form.items()}, settings().currency
    if said.get("period") not in set(PlanPeriod):
        raise invalid(N_("Choose one of these."), ("input", "period"))
    days = read_whole(said.get("trialDays", ""))
    if days is None:
        most = wanted.TRIAL_DAYS_MAX
        raise invalid(N_("Enter a number from 0 to {most}."), ("input", "trialDays"), most=most)
    try:
        price = Money.of(said.get("price", ""), currency)
    except ValueError:
        raise invalid(N_("Enter an amount above 0."), ("input", "price")) from None
    codes = [str(code) for code in form.getlist("benefitCodes")]
    return WantedPlan(said.get("code", ""), said.get("name", ""), price, PlanPeriod(said["period"]), days, codes)


async def _lines(db: Db, asked: TableQuery) -> list[PlanLine]:
    every = await offering.for_marketing(db)
    counts = await subscriptions.counts_of(db, {plan.code for plan in every})
    # Whoever has a plan, at whatever version, is counted once: beside the first one of its code, which is what is sold or was last.
    first = {plan.code: plan.id for plan in reversed(every)}
    wanted_codes = {plan.code for plan in every if asked.has(plan.code, plan.name)}
    lines = [(plan, counts.get(plan.code, 0) if first[plan.code] == plan.id else 0) for plan in every]
    return asked.sorted([line for line in lines if line[0].code in wanted_codes], SORTS)


async def _show(request: Request, refusal: Refusal | None = None, form: FormData | None = None) -> Response:
    asked = query_of(request, ADDRESS, SORTS)
    async with reading() as db:
        lines = await _lines(db, asked)
        shown = [plan for plan, _ in lines]
        contents = await wanted.contents_of(db, {plan.id for plan in shown})
        hashes = await wanted.hashes_of(db, {plan.id for plan in shown})
        every = (await db.execute(benefits.all_benefits().order_by(benefits.Benefit.code))).scalars().all()
    typed: dict[str, Any] = {}
    if form is not None:
        typed = {name: form.getlist(name) if name == "benefitCodes" else str(form.get(name)) for name in form}
    locale = locale_of(request)
    faults = {
        (fault.field or ("",))[-1]: say(fault.message, locale, **fault.values)
        for fault in reversed(refusal.faults if refusal else ())
    }
    return page(
        request,
        "plans.html",
        status_of(refusal) if refusal else 400 if asked.error else 200,
        asked=asked,
        plans=shown,
        counts={plan.id: has for plan, has in lines},
        newest={plan.code: max(each.version for each in shown if each.code == plan.code) for plan in shown},
        contents=contents,
        hashes=hashes,
        grantable=[each for each in every if each.status in benefits.LIFE.groups["changeable"]],
        granted={each.code: each for each in every},
        quotas=QUOTAS,
        typed=typed,
        faults=faults,
        statuses=STATUSES,
        periods=PERIODS,
        wishes=WISHES,
        ends=ENDS,
        currency=settings().currency,
        key=uuid4(),
    )


routes: list[Route] = [
    Route("/console/plans", plans_page, methods=["GET"]),
    Route("/console/plans.csv", exported),
    posted("/console/plans", save),
    posted("/console/plans/answer", answer),
]
