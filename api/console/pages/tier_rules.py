"""The rules of tiers: written beside the live ones, tried on everybody, approved by a second person, published, and taken back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.console.pages.numbers import read_whole
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.refusing import NO_SUCH_PAGE, carry_out, sentence_of, status_of
from api.visits import NOT_YOURS, posted
from domain.people import staff
from domain.permissions import Permission
from infra import clock
from infra.calendar import read_local_moment
from infra.database import Db, reading, transact
from infra.errors import Refusal, invalid
from infra.ids import read_id
from infra.paging import page_of
from infra.settings import settings
from infra.words import N_
from membership import rules
from membership.changing import approving, drafting, publishing, reevaluations, simulating, simulations
from membership.changing.drafting import NAMES, ProposedRule
from membership.rules import RulesStatus, TierRules

ADDRESS = "/console/tiers/rules"
SHOWN = 20
COLUMNS = {
    "points_at_least": N_("Points of the score"),
    "activity_at_least": N_("Activity points"),
    "grace_days": N_("Days of grace"),
}
STATUSES = {
    RulesStatus.DRAFT: N_("Draft"),
    RulesStatus.SUBMITTED: N_("Waits for a second person"),
    RulesStatus.APPROVED: N_("Approved"),
    RulesStatus.SCHEDULED: N_("Scheduled"),
    RulesStatus.LIVE: N_("Live"),
    RulesStatus.SUPERSEDED: N_("Replaced"),
    RulesStatus.REJECTED: N_("Rejected"),
}


@dataclass(frozen=True)
class RuleFault:
    """What is wrong, in words, and at which tier's column, if at one."""

    sentence: str
    at: tuple[str, str] | None = None


@requires(Permission.SEE_TIERS)
async def rules_page(request: Request, visit: StaffVisit) -> Response:
    return await _list(request, {})


@requires(Permission.CHANGE_MEMBERSHIP)
async def draft(request: Request, visit: StaffVisit) -> Response:
    form = await request.form()
    try:
        asked = await _asked(form)
        note, key = str(form.get("note", "")), str(form.get("key", ""))
        made = await transact(lambda db: drafting.draft(db, visit.actor, asked=asked, note=note, key=key))
    except Refusal as refusal:
        typed = {name: str(value) for name, value in form.items()}
        return await _list(request, typed, refusal)
    return RedirectResponse(f"{ADDRESS}/{made.id}", 303)


@requires(Permission.SEE_TIERS)
async def version_page(request: Request, visit: StaffVisit) -> Response:
    return await _show(request, visit, read_id(request.path_params["id"]))


def steps() -> Mapping[str, tuple[Permission, Callable[[Db, StaffVisit, UUID, FormData], Awaitable[Any]]]]:
    """What a form may ask of a version, and what that takes."""
    return {
        "simulate": (Permission.CHANGE_MEMBERSHIP, lambda db, visit, id, form: simulating.simulate(db, rules_id=id)),
        "submit": (
            Permission.CHANGE_MEMBERSHIP,
            lambda db, visit, id, form: approving.submit(db, visit.actor, rules_id=id, comment=_comment(form)),
        ),
        "approve": (
            Permission.APPROVE_MEMBERSHIP,
            lambda db, visit, id, form: approving.approve(
                db, visit.actor, rules_id=id, seen=str(form.get("seen", "")), comment=_comment(form)
            ),
        ),
        "reject": (
            Permission.APPROVE_MEMBERSHIP,
            lambda db, visit, id, form: approving.reject(db, visit.actor, rules_id=id, comment=_comment(form)),
        ),
        "publish": (Permission.CHANGE_MEMBERSHIP, _publish),
        "roll_back": (Permission.CHANGE_MEMBERSHIP, _roll_back),
    }


@requires(Permission.SEE_TIERS)
async def take_step(request: Request, visit: StaffVisit) -> Response:
    form, id = await request.form(), read_id(request.path_params["id"])
    permission, verb = steps().get(str(form.get("said", "")), (None, None))
    if id is None or verb is None or permission is None:
        return page(request, "refused.html", 404, why=NO_SUCH_PAGE)
    if not visit.may(permission):
        return page(request, "refused.html", 403, why=NOT_YOURS)
    return await carry_out(lambda db: verb(db, visit, id, form), f"{ADDRESS}/{id}", partial(_show, request, visit, id))


async def _publish(db: Db, visit: StaffVisit, id: UUID, form: FormData) -> TierRules:
    said, now = str(form.get("at", "")), await clock.now(db)
    try:
        at = read_local_moment(said).replace(tzinfo=clock.zone()) if said else now
    except ValueError:
        raise invalid(N_("Enter a time from now to a year ahead."), publishing.AT) from None
    key = str(form.get("key", ""))
    return await publishing.publish(db, visit.actor, rules_id=id, effective_at=at, key=key)


async def _roll_back(db: Db, visit: StaffVisit, id: UUID, form: FormData) -> TierRules:
    left = await drafting.demand(db, id)
    reason, key = str(form.get("comment", "")), str(form.get("key", ""))
    return await publishing.roll_back(db, visit.actor, from_id=id, to_id=left.replaced_id or id, reason=reason, key=key)


async def _asked(form: FormData) -> list[ProposedRule]:
    """What was typed, lowest tier first. Refuses INVALID what is no number, at its place."""
    asked = []
    for place, code in enumerate(await _codes()):
        typed = dict[str, int]()
        for column in COLUMNS:
            number = read_whole(str(form.get(f"{code}.{column}", "")).strip())
            if number is None:
                most, field = drafting.MOST[column], ("input", "rules", str(place), NAMES[column])
                raise invalid(N_("Enter a number from 0 to {most}."), field, most=most)
            typed[column] = number
        asked.append(ProposedRule(code, **typed))
    return asked


async def _codes() -> list[str]:
    async with reading() as db:
        return [rule.tier_code for rule in (await rules.live(db)).ladder]


def _fault(request: Request, refusal: Refusal, codes: Sequence[str]) -> RuleFault:
    sentence, field = sentence_of(request, refusal), refusal.field or ()
    if len(field) == 4 and field[1] == "rules":
        column = next(column for column, name in NAMES.items() if name == field[3])
        return RuleFault(sentence, (codes[int(field[2])], column))
    return RuleFault(sentence)


async def _list(request: Request, typed: Mapping[str, str], refusal: Refusal | None = None) -> Response:
    async with reading() as db:
        live = await rules.live(db)
        every, after = rules.all_versions(), request.query_params.get("after")
        try:
            found = await page_of(db, every, [TierRules.version], first=SHOWN, after=after, newest_first=True)
        except Refusal:
            return RedirectResponse(ADDRESS, 303)
        versions = list(found.items)
        names = await staff.names_of(db, {each.author_id for each in versions if each.author_id})
    return page(
        request,
        "tier_rules.html",
        status_of(refusal),
        live=live,
        versions=versions,
        onward=urlencode({"after": found.end}) if found.has_next and found.end else None,
        names=names,
        typed=typed,
        fault=_fault(request, refusal, [rule.tier_code for rule in live.ladder]) if refusal else None,
        columns=COLUMNS,
        most=drafting.MOST,
        statuses=STATUSES,
        key=typed.get("key") or uuid4(),
    )


async def _show(request: Request, visit: StaffVisit, id: UUID | None, refusal: Refusal | None = None) -> Response:
    async with reading() as db:
        version = await rules.find(db, id) if id else None
        if version is None:
            return page(request, "refused.html", 404, why=NO_SUCH_PAGE)
        simulation = (await simulations.newest(db, {version.id})).get(version.id)
        outcome = (await simulations.outcomes(db, {simulation.id})).get(simulation.id) if simulation else None
        taken = (await rules.steps_of(db, {version.id})).get(version.id, [])
        authors = {version.author_id, *(each.by_id for each in taken)} - {None}
        names = await staff.names_of(db, {each for each in authors if each})
        shown = {
            "live": await rules.live(db),
            "reevaluation": (await reevaluations.newest(db, {version.id})).get(version.id),
        }
    moves = {(cell.from_code, cell.to_code): cell for cell in outcome.cells} if outcome else {}
    return page(
        request,
        "tier_rules_version.html",
        status_of(refusal),
        version=version,
        simulation=simulation,
        progress=float(simulations.progress(simulation)) if simulation else 0.0,
        outcome=outcome,
        moves=moves,
        taken=taken,
        names=names,
        columns=COLUMNS,
        statuses=STATUSES,
        zone=clock.zone().key,
        told_per_second=settings().rescore_told_per_second,
        is_own=version.author_id == visit.actor.staff_id,
        error=_fault(request, refusal, ()).sentence if refusal else None,
        key=uuid4(),
        **shown,
    )


def _comment(form: FormData) -> str:
    return str(form.get("comment", "")).strip()


routes: list[Route] = [
    Route("/console/tiers/rules", rules_page, methods=["GET"]),
    posted("/console/tiers/rules", draft),
    Route("/console/tiers/rules/{id}", version_page, methods=["GET"]),
    posted("/console/tiers/rules/{id}", take_step),
]
