"""Approvals: what others proposed and waits for one's word, of all kinds, with the place where each is looked at and decided."""

from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from domain import approvals
from domain.approvals import Approval
from domain.people import staff
from domain.permissions import Permission
from infra.database import reading
from infra.words import N_

NAMES = {
    "tier-rules": N_("Tier rules"),
    "plan": N_("Plan"),
    "campaign": N_("Campaign"),
    "model": N_("Model"),
    "lift-stop": N_("Stop"),
    "send_back": N_("Money that goes back"),
    "commission": N_("Commission"),
}
PLACES = {
    "tier-rules": "/console/tiers/rules/{subject}",
    "plan": "/console/plans#{subject}",
    "campaign": "/console/campaigns/{subject}",
    "model": "/console/watch",
    "send_back": "/console/money",
    "commission": "/console/partners",
}


@dataclass(frozen=True)
class WaitingApproval:
    """What waits, who proposed it, and where it is decided."""

    approval: Approval
    author: str

    @property
    def name(self) -> str:
        return NAMES.get(self.approval.kind, self.approval.kind)

    @property
    def place(self) -> str:
        return PLACES.get(self.approval.kind, "/console/stops").format(subject=quote(self.approval.subject, safe=""))


@requires(Permission.SIGNED_IN)
async def approvals_page(request: Request, visit: StaffVisit) -> Response:
    async with reading() as db:
        waiting = await approvals.waiting_for(db, visit.actor)
        names = await staff.names_of(db, {each.proposed_by for each in waiting})
    lines = [WaitingApproval(each, names[each.proposed_by]) for each in waiting]
    return page(request, "approvals.html", lines=lines)
