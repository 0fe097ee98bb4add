"""Campaigns: all of them with what came of each; and one, with what people read, its steps, and whoever may take the next."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.console.pages.exporting import table_as_csv
from api.console.pages.listing import TableQuery, exports, query_of
from api.console.pages.rendering import page
from api.console.pages.tiers import SEGMENTS
from api.console.pages.visits import StaffVisit, requires
from api.refusing import NO_SUCH_PAGE, carry_out, error_of, status_of
from api.visits import NOT_YOURS, posted
from domain.people import staff
from domain.permissions import Permission
from infra import clock
from infra.calendar import read_local_moment
from infra.database import Db, reading
from infra.errors import Refusal, invalid
from infra.ids import read_id
from infra.paging import page_of
from infra.settings import settings
from infra.words import N_
from membership import tiers
from membership.benefits import Benefit
from membership.campaigns import approving, campaigns, pausing, results, scheduling
from membership.campaigns.campaigns import Campaign, CampaignStatus
from membership.campaigns.results import CampaignFigures

ADDRESS = "/console/campaigns"
SHOWN, PAUSES_SHOWN = 50, 3
LISTED_MAX = 500  # campaigns that are sorted by what came of them, added up, or exported
STATUSES = {
    CampaignStatus.DRAFT: N_("Draft"),
    CampaignStatus.SUBMITTED: N_("Waits for approval"),
    CampaignStatus.APPROVED: N_("Approved"),
    CampaignStatus.SCHEDULED: N_("Scheduled"),
    CampaignStatus.RUNNING: N_("Running"),
    CampaignStatus.PAUSED: N_("Paused"),
    CampaignStatus.ENDED: N_("Ended"),
}
Verb = Callable[[Db], Awaitable[Any]]
CampaignLine = tuple[Campaign, CampaignFigures]
SORTS: dict[str, Callable[[CampaignLine], Any]] = {
    "newest": lambda line: line[0].id,
    "name": lambda line: line[0].name.casefold(),
    "audience": lambda line: line[0].audience_size,
    "told": lambda line: line[1].sent,
    "used": lambda line: line[1].redeemed,
    "spent": lambda line: line[1].spent.minor,
}


@dataclass(frozen=True)
class CampaignTotals:
    """What came of all the campaigns of a list. `spent`: minor units of the house's currency."""

    campaigns: int
    told: int
    used: int
    spent: int


@requires(Permission.SEE_CAMPAIGNS)
async def campaigns_page(request: Request, visit: StaffVisit) -> Response:
    return await _show_all(request, visit)


@requires(Permission.SEE_CAMPAIGNS)
@exports(campaigns_page)
async def exported(request: Request, visit: StaffVisit) -> Response:
    async with reading() as db:
        lines = await _lines(db, query_of(request, ADDRESS, SORTS))
    rows = (
        (
            each.name,
            each.status,
            clock.local_day(each.created_at),
            each.audience_size,
            of.sent,
            of.redeemed,
            of.spent,
            each.budget,
            each.currency,
        )
        for each, of in lines
    )
    columns = ("campaign", "status", "drafted", "audience", "told", "used", "spent", "budget", "currency")
    return table_as_csv("campaigns", columns, rows)


async def _lines(db: Db, asked: TableQuery) -> list[CampaignLine]:
    """The newest, with what came of each, as they are asked for."""
    every = campaigns.all_campaigns().where(*asked.is_within(Campaign.created_at))
    named = every.where(Campaign.name.icontains(asked.q, autoescape=True)) if asked.q else every
    newest = (await db.execute(named.order_by(Campaign.id.desc()).limit(LISTED_MAX))).scalars().all()
    figures = await results.figures_of(db, {campaign.id for campaign in newest})
    return asked.sorted([(campaign, figures[campaign.id]) for campaign in newest], SORTS)


@requires(Permission.APPROVE_MEMBERSHIP)
async def pause_all(request: Request, visit: StaffVisit) -> Response:
    form = await request.form()
    reason, key = str(form.get("reason", "")), str(form.get("key", ""))
    return await carry_out(
        lambda db: pausing.pause_all(db, visit.actor, reason=reason, key=key),
        ADDRESS,
        partial(_show_all, request, visit),
    )


async def _show_all(request: Request, visit: StaffVisit, refusal: Refusal | None = None) -> Response:
    asked = query_of(request, ADDRESS, SORTS)
    async with reading() as db:
        lines = await _lines(db, asked)
        shown = lines[asked.skip : asked.skip + SHOWN]
        if asked.skip and not shown:
            return RedirectResponse(ADDRESS, 303)
        uplifts = await results.uplifts_of(db, {campaign.id for campaign, _ in shown})
        lately = await page_of(
            db, pausing.all_pauses(), [pausing.CampaignPause.id], first=PAUSES_SHOWN, after=None, newest_first=True
        )
        stopped = await campaigns.by_ids(db, {UUID(id) for pause in lately.items for id in pause.stopped})
        names = await staff.names_of(db, {pause.by_id for pause in lately.items})
    return page(
        request,
        "campaigns.html",
        status_of(refusal) if refusal else 400 if asked.error else 200,
        asked=asked,
        lines=shown,
        totals=CampaignTotals(
            len(lines),
            sum(of.sent for _, of in lines),
            sum(of.redeemed for _, of in lines),
            sum(of.spent.minor for _, of in lines),
        ),
        after=asked.skip + SHOWN if len(lines) > asked.skip + SHOWN else None,
        currency=settings().currency,
        uplifts=uplifts,
        pauses=lately.items,
        stopped={str(id): campaign for id, campaign in stopped.items()},
        names=names,
        statuses=STATUSES,
        key=uuid4(),
        error=error_of(request, refusal),
    )


@requires(Permission.SEE_CAMPAIGNS)
async def campaign_page(request: Request, visit: StaffVisit) -> Response:
    return await _show(request, visit)


@requires(Permission.SEE_CAMPAIGNS)
async def answer(request: Request, visit: StaffVisit) -> Response:
    """Take the step that the form names; whether its visitor may is asked of the step itself."""
    id, form = read_id(request.path_params["id"]), await request.form()
    step = STEPS.get(str(form.get("said", "")))
    if id is None or step is None:
        return page(request, "refused.html", 404, why=NO_SUCH_PAGE)
    permission, verb = step
    if not visit.actor.may(permission):
        return page(request, "refused.html", 403, why=NOT_YOURS)
    return await carry_out(verb(visit, id, form), f"{ADDRESS}/{id}", partial(_show, request, visit))


def _stepping(take: Callable[..., Awaitable[Any]], **also: str) -> Callable[[StaffVisit, UUID, FormData], Verb]:
    """A step with a comment, and with what else the form says under these names."""

    def verb(visit: StaffVisit, id: UUID, form: FormData) -> Verb:
        said = {name: str(form.get(field, "")) for name, field in also.items()}
        comment = str(form.get("comment", ""))
        return lambda db: take(db, visit.actor, campaign_id=id, comment=comment, **said)

    return verb


def _schedule(visit: StaffVisit, id: UUID, form: FormData) -> Verb:
    async def verb(db: Db) -> Any:
        starts_at = _moment(form, "starts", "startsAt")
        ends_at = _moment(form, "ends", "endsAt")
        if ends_at is None:
            raise invalid(scheduling.END_LATER, scheduling.ENDS_AT)
        key = str(form.get("key", ""))
        return await scheduling.schedule(db, visit.actor, campaign_id=id, starts_at=starts_at, ends_at=ends_at, key=key)

    return verb


def _moment(form: FormData, name: str, field: str) -> datetime | None:
    """What a field of the product's own time says; None where it is empty. Refuses INVALID."""
    text = str(form.get(name, "")).strip()
    try:
        return read_local_moment(text).replace(tzinfo=clock.zone()) if text else None
    except ValueError:
        raise invalid(N_("Enter a day and a time."), ("input", field)) from None


CHANGES, APPROVES = Permission.CHANGE_MEMBERSHIP, Permission.APPROVE_MEMBERSHIP
STEPS: dict[str, tuple[Permission, Callable[[StaffVisit, UUID, FormData], Verb]]] = {
    "submit": (CHANGES, _stepping(approving.submit)),
    "approve": (APPROVES, _stepping(approving.approve, seen="seen")),
    "reject": (APPROVES, _stepping(approving.reject)),
    "schedule": (CHANGES, _schedule),
    "unschedule": (CHANGES, _stepping(scheduling.unschedule)),
    "pause": (APPROVES, _stepping(scheduling.pause)),
    "resume": (CHANGES, _stepping(scheduling.resume)),
    "end": (CHANGES, _stepping(scheduling.end)),
}


async def _show(request: Request, visit: StaffVisit, refusal: Refusal | None = None) -> Response:
    id = read_id(request.path_params["id"])
    async with reading() as db:
        campaign = (await campaigns.by_ids(db, {id})).get(id) if id else None
        if campaign is None:
            return page(request, "refused.html", 404, why=campaigns.NOT_FOUND)
        steps = (await campaigns.steps_of(db, {campaign.id})).get(campaign.id, [])
        names = await staff.names_of(db, {campaign.author_id, *(step.by_id for step in steps if step.by_id)})
        benefit = await db.get(Benefit, campaign.benefit_id) if campaign.benefit_id else None
        figures = (await results.figures_of(db, {campaign.id}))[campaign.id]
        uplift = (await results.uplifts_of(db, {campaign.id})).get(campaign.id)
        known = await tiers.tiers_by_code(db)
        now = await clock.now(db)
    return page(
        request,
        "campaign.html",
        status_of(refusal),
        campaign=campaign,
        steps=steps,
        names=names,
        benefit=benefit,
        figures=figures,
        uplift=uplift,
        tiers=known,
        segments=SEGMENTS,
        statuses=STATUSES,
        is_mine=campaign.author_id == visit.actor.staff_id,
        now=now.astimezone(clock.zone()),
        key=uuid4(),
        error=error_of(request, refusal),
    )


routes: list[Route] = [
    Route("/console/campaigns", campaigns_page),
    Route("/console/campaigns.csv", exported),
    posted("/console/campaigns/pause", pause_all),
    Route("/console/campaigns/{id}", campaign_page),
    posted("/console/campaigns/{id}", answer),
]
