"""The home page: what membership came to in a span of days, and what this role can do here."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.exporting import table_as_csv
from api.console.pages.listing import NO_DAY
from api.console.pages.numbers import read_whole
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.refusing import sentence_of
from domain import approvals
from domain.applications import reviewing
from domain.permissions import Permission
from infra.calendar import read_day
from infra.database import Db, reading
from infra.errors import Refusal, invalid
from infra.words import N_
from membership import figures
from membership.figures import DAYS_USUAL, MembershipFigures

STEPS = {
    "registered": N_("Registered"),
    "linked": N_("Linked an account"),
    "scored": N_("Got a score"),
    "applied": N_("Applied"),
    "approved": N_("Approved"),
    "accepted": N_("Agreed"),
}


@dataclass(frozen=True)
class SpanAsked:
    """What the address says: so many days, or days of one's own."""

    days: int = DAYS_USUAL
    first: date | None = None
    last: date | None = None

    @property
    def query(self) -> str:
        own = {"from": self.first, "to": self.last}
        return urlencode({name: day for name, day in own.items() if day} or {"days": self.days})


@requires(Permission.SIGNED_IN)
async def home(request: Request, visit: StaffVisit) -> Response:
    async with reading() as db:
        asked, came_to, error = await _figures(request, db)
        queue = reviewing.queue_of(visit.actor).subquery()
        waiting = (await db.execute(select(func.count()).select_from(queue))).scalar_one()
        approving = len(await approvals.waiting_for(db, visit.actor))
    most = max((each.members for each in came_to.tiers), default=0)
    return page(
        request,
        "home.html",
        400 if error else 200,
        waiting=waiting,
        approving=approving,
        asked=asked,
        figures=came_to,
        most=most,
        windows=figures.WINDOWS,
        steps=STEPS,
        error=error,
    )


@requires(Permission.SEE_TIERS)
async def exported(request: Request, visit: StaffVisit) -> Response:
    async with reading() as db:
        _, came_to, error = await _figures(request, db)
    if error:
        return await home(request)
    columns = ("day", "joined", "lapsed", "redemptions", "benefitCost", "planRevenue", "currency")
    lines = (
        (
            day.on,
            day.joined,
            day.lapsed,
            day.redemptions,
            came_to.money(day.cost),
            came_to.money(day.revenue),
            came_to.currency,
        )
        for day in came_to.days
    )
    return table_as_csv("overview", columns, lines)


async def _figures(request: Request, db: Db) -> tuple[SpanAsked, MembershipFigures, str | None]:
    """Of the usual days, and why, where what was asked is no span."""
    try:
        asked = _asked(request)
        span, error = await figures.span_of(db, days=asked.days, first=asked.first, last=asked.last), None
    except Refusal as refusal:
        asked, span = SpanAsked(), await figures.span_of(db)
        error = sentence_of(request, refusal)
    return asked, await figures.figures_of(db, span), error


def _asked(request: Request) -> SpanAsked:
    said = request.query_params
    days = read_whole(said.get("days", ""))
    return SpanAsked(
        DAYS_USUAL if days is None else min(days, figures.DAYS_MAX), _day(said.get("from")), _day(said.get("to"))
    )


def _day(text: str | None) -> date | None:
    try:
        return read_day(text) if text else None
    except ValueError:
        raise invalid(NO_DAY, "days") from None


routes: list[Route] = [
    Route("/console", home),
    Route("/console/overview.csv", exported),
]
