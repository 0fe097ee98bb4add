"""Benefits: what there is, what it costs and who grants it; written, changed and retired."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.console.pages.exporting import table_as_csv
from api.console.pages.listing import TableQuery, exports, query_of
from api.console.pages.numbers import read_whole
from api.console.pages.rendering import page
from api.console.pages.tiers import QUOTAS, SEGMENTS
from api.console.pages.visits import StaffVisit, requires
from api.html import locale_of
from api.refusing import NO_SUCH_PAGE, carry_out, status_of
from api.visits import posted
from domain.people.partners import Partner
from domain.permissions import Permission
from infra.database import reading, transact
from infra.errors import Refusal, invalid
from infra.ids import read_id
from infra.money import Money
from infra.settings import settings
from infra.words import N_, say
from membership import benefits, saving, tiers, using
from membership.benefits import Benefit, BenefitStatus, QuotaCycle, QuotaReset, Segment, tier_source
from membership.plans import plans
from membership.saving import WantedBenefit

ADDRESS = "/console/benefits"
LISTED_MAX = 1_000
STATUSES = {
    BenefitStatus.DRAFT: N_("Draft"),
    BenefitStatus.LIVE: N_("Live"),
    BenefitStatus.RETIRING: N_("Retires"),
    BenefitStatus.RETIRED: N_("Retired"),
}
RESETS = {QuotaReset.MONTHLY: N_("each month"), QuotaReset.YEARLY: N_("each year"), QuotaReset.ONCE: N_("once")}
CYCLES = {
    QuotaCycle.CALENDAR: N_("by the calendar"),
    QuotaCycle.ANNIVERSARY: N_("by the member's own months and years"),
}


@dataclass(frozen=True)
class BenefitLine:
    """A benefit as the table shows it; `cost` of all its uses, in minor units."""

    benefit: Benefit
    sources: list[str]
    used: int
    cost: int


SORTS: dict[str, Callable[[BenefitLine], Any]] = {
    "code": lambda line: line.benefit.code,
    "used": lambda line: line.used,
    "cost": lambda line: line.cost,
}


@requires(Permission.SEE_TIERS)
async def benefits_page(request: Request, visit: StaffVisit) -> Response:
    asked = query_of(request, ADDRESS, SORTS)
    lines, counted_at = await _lines(asked)
    return await _render(
        request,
        "benefits.html",
        400 if asked.error else 200,
        lines=lines,
        counted_at=counted_at,
        asked=asked,
        typed={},
        faults={},
        saved=None,
    )


@requires(Permission.SEE_TIERS)
@exports(benefits_page)
async def exported(request: Request, visit: StaffVisit) -> Response:
    columns = ("code", "name", "segment", "quota", "reset", "cycle", "unitCost", "memberValue", "status", "grantedBy")
    lines = (
        (
            line.benefit.code,
            line.benefit.name,
            line.benefit.segment.value,
            line.benefit.quota,
            line.benefit.reset.value,
            line.benefit.cycle.value,
            line.benefit.unit_cost,
            line.benefit.member_value,
            line.benefit.status.value,
            ", ".join(source.partition(":")[2] for source in line.sources),
            line.used,
            Money(line.cost, line.benefit.currency),
            line.benefit.currency,
        )
        for line in (await _lines(query_of(request, ADDRESS, SORTS)))[0]
    )
    return table_as_csv("benefits", (*columns, "used", "cost", "currency"), lines)


@requires(Permission.SEE_TIERS)
async def benefit_page(request: Request, visit: StaffVisit) -> Response:
    return await _show(request, None, {})


@requires(Permission.CHANGE_MEMBERSHIP)
async def save(request: Request, visit: StaffVisit) -> Response:
    """A new one; or with `version`, the one of this code."""
    form = await request.form()
    try:
        wanted, key = _wanted(form), str(form.get("key", ""))
        seen = read_whole(str(form.get("version", "")))
        await transact(lambda db: saving.save(db, visit.actor, wanted, expected_version=seen, key=key))
    except Refusal as refusal:
        return await _refused(request, form, refusal)
    return RedirectResponse(ADDRESS, 303)


@requires(Permission.CHANGE_MEMBERSHIP)
async def retire(request: Request, visit: StaffVisit) -> Response:
    form, id = await request.form(), read_id(request.path_params["id"])
    version = read_whole(str(form.get("version", "")))
    if id is None or version is None:
        return page(request, "refused.html", 404, why=NO_SUCH_PAGE)
    return await carry_out(
        lambda db: saving.retire(db, visit.actor, benefit_id=id, expected_version=version),
        f"{ADDRESS}/{id}",
        partial(_show, request, typed={}),
    )


def _wanted(form: FormData) -> WantedBenefit:
    """As it was typed. Refuses INVALID what is no number or no amount."""
    said = {name: str(value).strip() for name, value in form.items()}
    quota = read_whole(said.get("quota", ""))
    if quota is None and said.get("quota"):
        raise invalid(
            N_("Enter 1 to {most}, or nothing: as often as one likes."), ("input", "quota"), most=saving.QUOTA_MAX
        )
    return WantedBenefit(
        code=said.get("code", ""),
        name=said.get("name", ""),
        segment=_choice(Segment, said.get("segment"), "segment"),
        tier_codes=[str(code) for code in form.getlist("tierCodes")],
        plan_codes=[str(code) for code in form.getlist("planCodes")],
        quota=quota,
        reset=_choice(QuotaReset, said.get("reset"), "reset"),
        unit_cost=_money(said.get("unitCost", ""), "unitCost"),
        member_value=_money(said.get("memberValue", ""), "memberValue"),
        partner_id=_partner(said.get("partnerId", "")),
        cycle=_choice(QuotaCycle, said.get("cycle"), "cycle"),
    )


def _choice(values: Any, text: str | None, field: str) -> Any:
    if text not in set(values):
        raise invalid(N_("Choose one of these."), ("input", field))
    return values(text)


def _partner(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise invalid(N_("Choose one of these."), ("input", "partnerId")) from None


def _money(text: str, field: str) -> Money:
    try:
        return Money.of(text, settings().currency)
    except ValueError:
        currency = settings().currency
        raise invalid(N_("Enter an amount of 0 or more in {currency}."), ("input", field), currency=currency) from None


async def _refused(request: Request, form: FormData, refusal: Refusal) -> Response:
    """The form again, with all that is wrong at its place and all that was typed."""
    typed = {name: form.getlist(name) if name.endswith("Codes") else str(form.get(name)) for name in form}
    async with reading() as db:
        its = select(Benefit).where(Benefit.code == str(form.get("code", "")))
        known = (await db.execute(its)).scalar_one_or_none() if form.get("version") else None
    return await _render(
        request,
        "benefit.html",
        status_of(refusal),
        typed=typed,
        faults=_faults(request, refusal),
        saved=known,
        sources=[],
    )


async def _show(request: Request, refusal: Refusal | None, typed: Mapping[str, Any]) -> Response:
    id = read_id(request.path_params["id"])
    async with reading() as db:
        saved = await db.get(Benefit, id) if id else None
        if saved is None:
            return page(request, "refused.html", 404, why=NO_SUCH_PAGE)
        sources = (await benefits.sources_of(db, [saved.id])).get(saved.id, [])
    faults = _faults(request, refusal) if refusal else {}
    status = status_of(refusal)
    return await _render(request, "benefit.html", status, typed=typed, faults=faults, saved=saved, sources=sources)


def _faults(request: Request, refusal: Refusal) -> dict[str, str]:
    """Sentences by the field's name; of the whole by an empty one."""
    locale = locale_of(request)
    return {
        (fault.field or ("",))[-1]: say(fault.message, locale, **fault.values) for fault in reversed(refusal.faults)
    }


async def _render(request: Request, template: str, status: int = 200, **shown: Any) -> Response:
    async with reading() as db:
        known, sold = await tiers.tiers_by_code(db), await plans.offered(db)
        live = select(Partner.id, Partner.name).where(~Partner.is_test).order_by(Partner.name)
        partners = dict((await db.execute(live)).all())
    return page(
        request,
        template,
        status,
        tiers=known,
        plans=sold,
        granters={tier_source(each.code): each.name for each in known.values()}
        | {each.source: each.name for each in sold},
        partners=partners,
        segments=SEGMENTS,
        quotas=QUOTAS,
        resets=RESETS,
        cycles=CYCLES,
        statuses=STATUSES,
        currency=settings().currency,
        key=uuid4(),
        **shown,
    )


async def _lines(asked: TableQuery) -> tuple[list[BenefitLine], datetime]:
    """The table, and when uses were counted."""
    async with reading() as db:
        every = (await db.execute(benefits.all_benefits().order_by(Benefit.code).limit(LISTED_MAX))).scalars()
        found = [each for each in every if asked.has(each.code, each.name)]
        sources, (used, counted_at) = (
            await benefits.sources_of(db, [each.id for each in found]),
            await using.uses(db, asked.first, asked.last),
        )
    lines = [BenefitLine(each, sources.get(each.id, []), *used.get(each.id, (0, 0))) for each in found]
    return asked.sorted(lines, SORTS), counted_at


routes: list[Route] = [
    Route("/console/benefits", benefits_page, methods=["GET"]),
    posted("/console/benefits", save),
    Route("/console/benefits.csv", exported),
    Route("/console/benefits/{id}", benefit_page),
    posted("/console/benefits/{id}/retire", retire),
]
