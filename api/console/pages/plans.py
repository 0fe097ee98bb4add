"""Plans: what is sold and what waits; written, approved by a second person, and retired."""

from typing import Any
from uuid import uuid4

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.html import locale_of
from domain.permissions import Permission
from infra.database import reading, transact
from infra.errors import Refusal, RefusalCode, invalid
from infra.money import Money
from infra.settings import settings
from infra.words import N_, say
from membership import benefits
from membership.plans import offering, subscriptions, wanted
from membership.plans.plans import OfferedStatus, PlanPeriod
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
HTTP = {RefusalCode.NOT_FOUND: 404, RefusalCode.INVALID: 400, RefusalCode.NOT_ALLOWED: 403}


@requires(Permission.SEE_TIERS)
async def plans_page(request: Request, visit: StaffVisit) -> Response:
    return await _show(request)


@requires(Permission.CHANGE_MEMBERSHIP)
async def save(request: Request, visit: StaffVisit) -> Response:
    form = await request.form()
    version, key, status = (str(form.get(name, "")) for name in ("version", "key", "status"))
    try:
        if status not in set(OfferedStatus):
            raise invalid(N_("Choose one of these."), ("input", "status"))
        asked, seen = _wanted(form), int(version) if version.isdecimal() else None
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
    try:
        if said == "approve":
            await transact(lambda db: offering.approve(db, visit.actor, code=code, seen=seen, comment=""))
        else:
            await transact(lambda db: offering.reject(db, visit.actor, code=code, comment=""))
    except Refusal as refusal:
        return await _show(request, refusal)
    return RedirectResponse(ADDRESS, 303)


def _wanted(form: FormData) -> WantedPlan:
    """As it was typed. Refuses INVALID what is no number or no amount."""
    said, currency = {name: str(value).strip() for name, value in form.items()}, settings().currency
    if said.get("period") not in set(PlanPeriod):
        raise invalid(N_("Choose one of these."), ("input", "period"))
    days = said.get("trialDays", "")
    if not days.isdecimal():
        most = wanted.TRIAL_DAYS_MAX
        raise invalid(N_("Enter a number from 0 to {most}."), ("input", "trialDays"), most=most)
    try:
        price = Money.of(said.get("price", ""), currency)
    except ValueError:
        raise invalid(N_("Enter an amount above 0."), ("input", "price")) from None
    codes = [str(code) for code in form.getlist("benefitCodes")]
    return WantedPlan(said.get("code", ""), said.get("name", ""), price, PlanPeriod(said["period"]), int(days), codes)


async def _show(request: Request, refusal: Refusal | None = None, form: FormData | None = None) -> Response:
    async with reading() as db:
        shown = await offering.for_marketing(db)
        contents = await wanted.contents_of(db, {plan.id for plan in shown})
        hashes = await wanted.hashes_of(db, {plan.id for plan in shown})
        counts = await subscriptions.counts_of(db, {plan.code for plan in shown})
        grantable = (await db.execute(benefits.all_benefits().order_by(benefits.Benefit.code))).scalars().all()
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
        HTTP.get(refusal.code, 409) if refusal else 200,
        plans=shown,
        newest={plan.code: max(each.version for each in shown if each.code == plan.code) for plan in shown},
        contents=contents,
        hashes=hashes,
        counts=counts,
        grantable=[each for each in grantable if each.status in benefits.LIFE.groups["changeable"]],
        typed=typed,
        faults=faults,
        statuses=STATUSES,
        periods=PERIODS,
        wishes=WISHES,
        currency=settings().currency,
        key=uuid4(),
    )
