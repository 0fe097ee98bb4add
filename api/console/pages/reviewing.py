"""The review queue: what awaits a person, with the clock of its promise."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from domain.applications import cases, human_reviews, review_holds, reviewing
from domain.applications.applications import Application, ApplicationStatus
from domain.applications.cases import Case
from domain.applications.review_holds import ReviewHold
from domain.people import staff
from domain.permissions import Permission
from infra import clock
from infra.database import Db, reading
from infra.errors import Refusal
from infra.ids import global_id, parse_global_id
from infra.paging import page_of
from infra.words import N_

PAGE = 20
SEARCH_MAX = 80
SOON = timedelta(minutes=5)
ORDER = [Application.promised_by, Application.id]
WHY = {
    "referred": (ApplicationStatus.IN_REVIEW, N_("Referred")),
    "missed": (ApplicationStatus.DELAYED, N_("Promise missed")),
}


@dataclass(frozen=True)
class WaitingCase:
    """A case with the clock of its promise, what the person wrote to whoever looks, and who of the staff holds it, until when."""

    case: Case
    left: timedelta
    message: str | None = None
    hold: ReviewHold | None = None
    holder: str | None = None

    @property
    def id(self) -> str:
        return global_id("Application", self.case.application.id)

    @property
    def urgency(self) -> str:
        return "late" if self.left < timedelta(0) else "soon" if self.left < SOON else "calm"


@dataclass(frozen=True)
class QueueQuery:
    """What the address of the queue says."""

    why: str | None = None
    is_overdue: bool = False
    q: str | None = None

    def to(self, **other: object) -> str:
        told = {"why": self.why, "overdue": "yes" if self.is_overdue else None, "q": self.q, **other}
        return urlencode({name: value for name, value in told.items() if value})


def asked_by(request: Request) -> QueueQuery:
    said = request.query_params
    why = said.get("why") if said.get("why") in WHY else None
    words = said.get("q", "").replace("\0", "").strip()[:SEARCH_MAX]
    return QueueQuery(why, said.get("overdue") == "yes", words or None)


@requires(Permission.REVIEW_APPLICATIONS)
async def queue(request: Request, visit: StaffVisit) -> Response:
    asked = asked_by(request)
    async with reading() as db:
        now = await clock.now(db)
        narrowed = reviewing.queue_of(
            visit.actor,
            status=WHY[asked.why][0] if asked.why else None,
            words=asked.q,
            overdue_at=now if asked.is_overdue else None,
        )
        try:
            found = await page_of(db, narrowed, ORDER, first=PAGE, after=request.query_params.get("after"))
        except Refusal:
            return RedirectResponse("/console/reviews", 303)
        totals = await reviewing.totals(db, narrowed, now)
        waiting = await waiting_at(db, now, await cases.of_applications(db, list(found.items)))
    after = found.end if found.has_next else None
    return page(request, "reviews.html", waiting=waiting, totals=totals, asked=asked, reasons_why=WHY, after=after)


@requires(Permission.REVIEW_APPLICATIONS)
async def clocks(request: Request, visit: StaffVisit) -> Response:
    """How long each promise has left, and whether somebody else has answered by now."""
    ids = {parsed[1] for text in request.query_params.getlist("id")[:PAGE] if (parsed := parse_global_id(text))}
    async with reading() as db:
        now = await clock.now(db)
        awaited = reviewing.queue_of(visit.actor).where(Application.id.in_(ids))
        waiting = await waiting_at(
            db, now, await cases.of_applications(db, list((await db.execute(awaited)).scalars()))
        )
    return page(request, "clocks.html", waiting=waiting)


async def waiting_at(db: Db, now: datetime, found: list[Case]) -> list[WaitingCase]:
    keys = {(case.application.user_id, case.application.id) for case in found}
    holds = await review_holds.in_force(db, keys)
    holders = await staff.names_of(db, {hold.staff_id for hold in holds.values()}) if holds else {}
    messages = await human_reviews.messages_of(db, keys)
    waiting = []
    for case in found:
        key, left = (case.application.user_id, case.application.id), case.application.promised_by - now
        hold = holds.get(key)
        waiting.append(WaitingCase(case, left, messages.get(key), hold, holders.get(hold.staff_id) if hold else None))
    return waiting


routes: list[Route] = [
    Route("/console/reviews", queue),
    Route("/console/reviews/clocks", clocks),
]
