"""The audit trail: who of the staff changed what, when, before and after."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, or_
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.console.pages import benefits, campaigns, plans, tier_rules
from api.console.pages.exporting import table_as_csv
from api.console.pages.listing import TableQuery, exports, query_of
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from domain import changes
from domain.changes import Change
from domain.people import staff
from domain.permissions import Permission
from infra.database import Db, reading
from infra.errors import Refusal
from infra.paging import count_of, page_of
from infra.words import N_

ADDRESS, SORTS = "/console/changes", ("newest",)
PAGE, EXPORTED_MAX = 50, 5_000
TOO_MANY = N_("These are more changes than one file takes. Choose fewer days, and take several files.")
NOUNS = {
    "application": N_("Application"),
    "benefit": N_("Benefit"),
    "breathing-space": N_("Breathing space"),
    "campaign": N_("Campaign"),
    "change-signal-rule": N_("Signal rule"),
    "claim": N_("Claim"),
    "commission": N_("Commission"),
    "dispute": N_("Dispute"),
    "give_back_by_hand": N_("Giving back by hand"),
    "hardship": N_("Hardship"),
    "late-fee": N_("Late fee"),
    "lift-stop": N_("Lifting a stop"),
    "model": N_("Model"),
    "plan": N_("Plan"),
    "remittance": N_("Remittance"),
    "send_back": N_("Sending money back"),
    "signal": N_("Signal"),
    "stop": N_("Stop"),
    "taking": N_("Money that came in"),
    "tier-rules": N_("Tier rules"),
}

STANDINGS: Mapping[str, Mapping[Any, str]] = {
    "benefit": benefits.STATUSES,
    "campaign": campaigns.STATUSES,
    "plan": plans.STATUSES,
    "tier-rules": tier_rules.STATUSES,
}


@dataclass(frozen=True)
class ChangeLine:
    """A change, by whom, and what differs: name, before, after."""

    change: Change
    by: str

    @property
    def noun(self) -> str:
        return NOUNS.get(self.change.noun, self.change.noun)

    def standing(self, name: str, value: str) -> str | None:
        """Where it stands, as its own page says it; None of whatever else was changed."""
        known = STANDINGS.get(self.change.noun, {}) if name == "status" else {}
        return {status.value: label for status, label in known.items()}.get(value)

    @property
    def differences(self) -> list[tuple[str, str | None, str]]:
        before = self.change.before
        return [
            (name, _as_text(before[name]) if before else None, _as_text(now)) for name, now in self.change.after.items()
        ]


@requires(Permission.SEE_CHANGES)
async def changes_page(request: Request, visit: StaffVisit) -> Response:
    return await _show(request, query_of(request, ADDRESS, SORTS))


async def _show(request: Request, asked: TableQuery) -> Response:
    matching, after = _matching(asked), request.query_params.get("after")
    async with reading() as db:
        try:
            found = await page_of(db, matching, [Change.id], first=PAGE, after=after, newest_first=True)
        except Refusal:
            return RedirectResponse(ADDRESS, 303)
        lines, count = await _lines(db, list(found.items)), await count_of(db, matching)
    onward = asked.to(after=found.end) if found.has_next and found.end else None
    status = 400 if asked.error else 200
    return page(request, "changes.html", status, lines=lines, count=count, asked=asked, onward=onward)


@requires(Permission.SEE_CHANGES)
@exports(changes_page)
async def exported(request: Request, visit: StaffVisit) -> Response:
    """All that matches or nothing: nobody takes a part of the trail for the whole."""
    asked = query_of(request, ADDRESS, SORTS)
    async with reading() as db:
        newest = _matching(asked).order_by(Change.id.desc()).limit(EXPORTED_MAX + 1)
        found = list((await db.execute(newest)).scalars())
        if len(found) > EXPORTED_MAX:
            return await _show(request, replace(asked, error=TOO_MANY))
        lines = await _lines(db, found)
    rows = (
        (line.change.at.isoformat(), line.by, line.change.noun, line.change.subject, name, before, after)
        for line in lines
        for name, before, after in line.differences
    )
    return table_as_csv("changes", ("at", "by", "what", "which", "field", "before", "after"), rows)


def _matching(asked: TableQuery) -> Select[Change]:
    every = changes.all_changes().where(*asked.is_within(Change.at))
    if not asked.q:
        return every
    named = [noun for noun, name in NOUNS.items() if asked.has(noun, name)]
    return every.where(or_(Change.noun.in_(named), Change.subject.icontains(asked.q, autoescape=True)))


async def _lines(db: Db, found: list[Change]) -> list[ChangeLine]:
    names = await staff.names_of(db, {each.by_id for each in found})
    return [ChangeLine(each, names.get(each.by_id, "")) for each in found]


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_as_text, value)) or "–"
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_as_text(each)}" for name, each in value.items())
    return "–" if value is None else str(value)


routes: list[Route] = [
    Route("/console/changes", changes_page),
    Route("/console/changes.csv", exported),
]
