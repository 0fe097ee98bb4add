"""Signals: what rules saw in how people sign in and apply, how often they were right, and how two people change a rule."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.refusing import NO_SUCH_PAGE, carry_out, error_of, status_of
from api.visits import posted
from domain.approvals import Verdict
from domain.permissions import Permission
from domain.risk import rules, signals
from domain.risk.rules import RuleAction, RuleChange, RuleMode, SignalRule
from domain.risk.signals import RuleCounts, SignalVerdict
from infra import clock, locations
from infra.database import Db, reading
from infra.errors import Refusal
from infra.ids import global_id, read_id
from infra.words import N_

ADDRESS = "/console/signals"
SHOWN, COUNTED = 50, timedelta(days=90)
MODES = {RuleMode.OFF: N_("Off"), RuleMode.SHADOW: N_("In the shadow"), RuleMode.LIVE: N_("Live")}
ACTIONS = {
    RuleAction.NOTHING: N_("Nothing follows"),
    RuleAction.STEP_UP: N_("They prove once more who they are"),
    RuleAction.REFER: N_("A person decides"),
}
PARAMETERS = {
    "km_at_least": N_("Kilometres at least"),
    "km_per_hour": N_("Kilometres an hour"),
    "hours": N_("Hours"),
    "minutes": N_("Minutes"),
    "days": N_("Days looked at"),
    "people": N_("People at least"),
    "new": N_("New people at least"),
    "new_days": N_("Days in which they are new"),
    "share_of_known": N_("Share of those known there"),
    "known_days": N_("Days in which they are known"),
}
EVIDENCE = {
    "km": N_("{number} km"),
    "minutes": N_("{number} {number:minute|minutes}"),
    "people": N_("{number} {number:person|people}"),
    "new": N_("{number} new"),
}


@dataclass(frozen=True)
class RuleLine:
    """`waiting`: another form of the rule, which a second person is to agree to; `is_mine`: the visitor proposed it."""

    rule: SignalRule
    counts: RuleCounts
    waiting: RuleChange | None
    is_mine: bool


@requires(Permission.ANSWER_SIGNALS)
async def signals_page(request: Request, visit: StaffVisit) -> Response:
    return await _show(request, visit)


@requires(Permission.ANSWER_SIGNALS)
async def judge(request: Request, visit: StaffVisit) -> Response:
    """Say whether a signal was right."""
    form, id = await request.form(), read_id(request.path_params["id"])
    said = str(form.get("verdict", ""))
    if id is None or said not in set(SignalVerdict):
        return page(request, "refused.html", 404, why=NO_SUCH_PAGE)
    return await _done(request, visit, lambda db: signals.judge(db, visit.actor, id, SignalVerdict(said)))


@requires(Permission.ANSWER_SIGNALS)
async def propose(request: Request, visit: StaffVisit) -> Response:
    """Ask a second person to agree to another form of a rule."""
    form, code = await request.form(), request.path_params["code"]
    mode, action, reason = (str(form.get(name, "")).strip() for name in ("mode", "action", "reason"))
    if mode not in set(RuleMode) or action not in set(RuleAction):
        return page(request, "refused.html", 404, why=NO_SUCH_PAGE)
    told = _numbers(form)
    change = (code, RuleMode(mode), RuleAction(action), told, reason)
    return await _done(request, visit, lambda db: rules.propose(db, visit.actor, *change))


@requires(Permission.ANSWER_SIGNALS)
async def answer(request: Request, visit: StaffVisit) -> Response:
    """Agree to a change as a second person, or say no."""
    form, id = await request.form(), read_id(request.path_params["id"])
    said, seen = str(form.get("said", "")), str(form.get("seen", ""))
    if id is None or said not in set(Verdict):
        return page(request, "refused.html", 404, why=NO_SUCH_PAGE)
    if said == Verdict.APPROVED:
        return await _done(request, visit, lambda db: rules.approve(db, visit.actor, id, seen))
    return await _done(request, visit, lambda db: rules.reject(db, visit.actor, id))


async def _done(request: Request, visit: StaffVisit, verb: Callable[[Db], Awaitable[Any]]) -> Response:
    return await carry_out(verb, ADDRESS, partial(_show, request, visit))


async def _show(request: Request, visit: StaffVisit, refusal: Refusal | None = None) -> Response:
    error, status = error_of(request, refusal), status_of(refusal)
    async with reading() as db:
        newest = await signals.newest_for(db, visit.actor, SHOWN)
        lines = await _lines(db, visit)
    words = {"modes": MODES, "actions": ACTIONS, "parameters": PARAMETERS, "evidence": EVIDENCE}
    titles = {line.rule.code: line.rule.title for line in lines}
    are_located = locations.are_known()
    return page(
        request,
        "signals.html",
        status,
        lines=lines,
        newest=newest,
        titles=titles,
        are_located=are_located,
        global_id=global_id,
        error=error,
        **words,
    )


async def _lines(db: Db, visit: StaffVisit) -> list[RuleLine]:
    counts = await signals.counts(db, await clock.now(db) - COUNTED)
    waiting = await rules.waiting(db)
    return [
        RuleLine(
            rule,
            counts.get(code, RuleCounts()),
            waiting.get(code),
            code in waiting and waiting[code].proposed_by == visit.actor.staff_id,
        )
        for code, rule in (await rules.current(db)).items()
    ]


def _numbers(form: FormData) -> Mapping[str, float]:
    """What is no number is left out, and so refused by its name."""
    told = dict[str, float]()
    for name in PARAMETERS:
        try:
            told[name] = float(str(form[name]))
        except (KeyError, ValueError):
            continue
    return told


routes: list[Route] = [
    Route("/console/signals", signals_page),
    posted("/console/signals/{id}", judge),
    posted("/console/signals/rules/{code}", propose),
    posted("/console/signals/changes/{id}", answer),
]
