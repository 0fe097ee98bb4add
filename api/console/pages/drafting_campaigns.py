"""Drafting a campaign in a browser: new or as a copy, with how many people it would be for."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.console.pages import campaign_forms
from api.console.pages.campaigns import ADDRESS
from api.console.pages.rendering import page
from api.console.pages.tiers import SEGMENTS
from api.console.pages.visits import StaffVisit, requires
from api.html import locale_of
from api.refusing import status_of
from api.visits import posted
from domain.permissions import Permission
from infra.database import reading, transact, transaction
from infra.errors import Refusal
from infra.ids import read_id
from infra.settings import settings
from membership import tiers
from membership.benefits import READING_ORDER, Benefit, BenefitStatus
from membership.campaigns import campaigns, drafting, sizes
from membership.campaigns.campaigns import Campaign
from membership.campaigns.sizes import ToldSize
from membership.plans import plans


@requires(Permission.CHANGE_MEMBERSHIP)
async def new(request: Request, visit: StaffVisit) -> Response:
    """An empty form, or one as the campaign of this id was drafted."""
    said: Mapping[str, Any] = campaign_forms.EMPTY
    copied = read_id(request.query_params.get("copy", ""))
    if copied is None:
        return await _show(request, said)
    async with reading() as db:
        old = await db.get(Campaign, copied)
        benefit = await db.get(Benefit, old.benefit_id) if old and old.benefit_id else None
    return await _show(request, campaign_forms.fields_of(old, benefit) if old else said)


@requires(Permission.CHANGE_MEMBERSHIP)
async def draft(request: Request, visit: StaffVisit) -> Response:
    form = await request.form()
    said, key = campaign_forms.read_form(form), str(form.get("key", ""))
    try:
        made = await transact(lambda db: _draft(db, visit, said, key))
    except Refusal as refusal:
        return await _show(request, said, refusal=refusal)
    return RedirectResponse(f"{ADDRESS}/{made.id}", 303)


async def _draft(db: Any, visit: StaffVisit, said: Mapping[str, Any], key: str) -> Campaign:
    asked = await campaign_forms.campaign_in(db, said)
    return await drafting.draft(db, visit.actor, asked=asked, key=key)


@requires(Permission.CHANGE_MEMBERSHIP)
async def count(request: Request, visit: StaffVisit) -> Response:
    """How many people the audience of the form is; a part of the page where htmx asks."""
    said = campaign_forms.read_form(await request.form())
    is_part = request.headers.get("hx-request") == "true"
    try:
        async with transaction() as db:
            asked = await campaign_forms.audience_in(db, said)
            size = await sizes.tell(db, asked, await campaigns.open_audiences(db))
            others = await campaigns.by_ids(db, {*size.overlaps})
    except Refusal as refusal:
        if not is_part:
            return await _show(request, said, refusal=refusal)
        wrong = campaign_forms.wrong_in(said, refusal.faults, locale_of(request))
        return page(request, "audience.html", size=None, others={}, wrong=wrong)
    if is_part:
        return page(request, "audience.html", size=size, others=others, wrong={})
    return await _show(request, said, size=size, others=others)


async def _show(
    request: Request,
    said: Mapping[str, Any],
    *,
    refusal: Refusal | None = None,
    size: ToldSize | None = None,
    others: Mapping[UUID, Campaign] | None = None,
) -> Response:
    async with reading() as db:
        live = select(Benefit).where(Benefit.status == BenefitStatus.LIVE).order_by(*READING_ORDER)
        benefits = (await db.execute(live)).scalars().all()
        known, sold = await tiers.tiers_by_code(db), await plans.offered(db)
    return page(
        request,
        "campaign_form.html",
        status_of(refusal),
        said=said,
        wrong=campaign_forms.wrong_in(said, refusal.faults, locale_of(request)) if refusal else {},
        tiers=known,
        plans=sold,
        benefits=benefits,
        segments=SEGMENTS,
        size=size,
        others=others or {},
        currency=settings().currency,
        key=uuid4(),
    )


routes: list[Route] = [
    posted("/console/campaigns", draft),
    Route("/console/campaigns/new", new),
    posted("/console/campaigns/audience", count),
]
