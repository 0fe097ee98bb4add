"""Approvals: what others proposed and waits for one's word, of all kinds, with the place where each is looked at and decided."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.changes import NOUNS
from api.console.pages.exporting import table_as_csv
from api.console.pages.listing import TableQuery, exports, query_of
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from domain import approvals
from domain.approvals import Approval
from domain.people import staff
from domain.permissions import Permission
from infra.database import reading

ADDRESS = "/console/approvals"
PLACES = {
    "tier-rules": "/console/tiers/rules/{subject}",
    "plan": "/console/plans#{subject}",
    "campaign": "/console/campaigns/{subject}",
    "model": "/console/watch",
    "send_back": "/console/takings/{subject}",
    "lift-stop": "/console/stops",
    "give_back_by_hand": "/console/refunds/{subject}",
    "commission": "/console/partners",
    "change-signal-rule": "/console/signals",
}


@dataclass(frozen=True)
class WaitingApproval:
    """What waits, who proposed it, and where it is decided."""

    approval: Approval
    author: str

    @property
    def name(self) -> str:
        return NOUNS[self.approval.kind]

    @property
    def place(self) -> str:
        return PLACES[self.approval.kind].format(subject=quote(self.approval.subject, safe=""))


SORTS: dict[str, Callable[[WaitingApproval], str]] = {
    "since": lambda line: line.approval.proposed_at.isoformat(),
    "kind": lambda line: line.name,
    "title": lambda line: line.approval.title.casefold(),
}


@requires(Permission.SIGNED_IN)
async def approvals_page(request: Request, visit: StaffVisit) -> Response:
    asked = query_of(request, ADDRESS, SORTS)
    lines = await _lines(visit, asked)
    return page(request, "approvals.html", 400 if asked.error else 200, lines=lines, asked=asked)


@requires(Permission.SIGNED_IN)
@exports(approvals_page)
async def exported(request: Request, visit: StaffVisit) -> Response:
    lines = await _lines(visit, query_of(request, ADDRESS, SORTS))
    rows = ((each.approval.title, each.approval.kind, each.author, each.approval.proposed_at) for each in lines)
    return table_as_csv("approvals", ("what", "kind", "by", "since"), rows)


async def _lines(visit: StaffVisit, asked: TableQuery) -> list[WaitingApproval]:
    async with reading() as db:
        waiting = await approvals.waiting_for(db, visit.actor)
        names = await staff.names_of(db, {each.proposed_by for each in waiting})
    lines = [WaitingApproval(each, names[each.proposed_by]) for each in waiting]
    found = [line for line in lines if asked.has(line.approval.title, line.approval.kind, line.name, line.author)]
    return asked.sorted(found, SORTS)


routes: list[Route] = [
    Route("/console/approvals", approvals_page),
    Route("/console/approvals.csv", exported),
]
