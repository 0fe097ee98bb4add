"""The review queue as pages: what awaits a person and why, with the clock of its promise, and the answer to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.console.pages.desks import Desk, requires
from api.console.pages.rendering import page
from api.html import locale_of
from domain.applications import applications, deciding, decisions, reviewing
from domain.applications.applications import Application
from domain.applications.decisions import Decision, DecisionOutcome
from domain.market import products
from domain.market.products import Product
from domain.people import invented
from domain.permissions import Permission
from infra import clock
from infra.database import Db, reading, transact
from infra.errors import Refusal, RefusalCode, not_found
from infra.ids import global_id, new_id, parse_global_id
from infra.paging import page_of
from infra.words import N_, say

PAGE = 20
SOON = timedelta(minutes=5)
ORDER = [Application.promised_by, Application.id]
OUTCOMES = {"approve": DecisionOutcome.APPROVE, "decline": DecisionOutcome.DECLINE}
STATUS = {RefusalCode.NOT_FOUND: 404, RefusalCode.INVALID: 400}


@dataclass(frozen=True)
class Case:
    """One application as a reviewer reads it: without the person."""

    application: Application
    product: Product
    decision: Decision | None
    left: timedelta
    key: str  # of the answer that this form will give
    is_invented: bool

    @property
    def id(self) -> str:
        return global_id("Application", self.application.id)

    @property
    def urgency(self) -> str:
        return "late" if self.left < timedelta(0) else "soon" if self.left < SOON else "calm"


@requires(Permission.REVIEW_APPLICATIONS)
async def queue(request: Request, desk: Desk) -> Response:
    return await _queue(request, desk)


async def _queue(request: Request, desk: Desk, status: int = 200, error: str | None = None) -> Response:
    after = request.query_params.get("after") if request.method == "GET" else None
    async with reading() as db:
        try:
            found = await page_of(db, reviewing.queue_of(desk.actor), ORDER, first=PAGE, after=after)
        except Refusal:
            return RedirectResponse("/console/reviews", 303)
        cases = await _cases(db, list(found.items))
    return page(request, "reviews.html", status, cases=cases, after=found.end if found.has_next else None, error=error)


@requires(Permission.REVIEW_APPLICATIONS)
async def clocks(request: Request, desk: Desk) -> Response:
    """How long each promise has left, and whether somebody else has answered by now."""
    ids = {parsed[1] for text in request.query_params.getlist("id")[:PAGE] if (parsed := parse_global_id(text))}
    async with reading() as db:
        awaited = reviewing.queue_of(desk.actor).where(Application.id.in_(ids))
        cases = await _cases(db, list((await db.execute(awaited)).scalars()))
    return page(request, "clocks.html", cases=cases)


@requires(Permission.REVIEW_APPLICATIONS)
async def review(request: Request, desk: Desk) -> Response:
    form, id = await request.form(), request.path_params["id"]
    said = [line.strip() for line in str(form.get("reasons", "")).splitlines() if line.strip()]
    outcome = OUTCOMES.get(str(form.get("outcome")))
    is_part = request.headers.get("hx-request") == "true"
    try:
        decided = await transact(lambda db: _decide(db, desk, id, outcome, said, str(form.get("key", ""))))
    except Refusal as refusal:
        return await _not_decided(request, desk, refusal, said)
    if not is_part:
        return RedirectResponse("/console/reviews", 303)
    async with reading() as db:
        (case,) = await _cases(db, [decided])
    return page(request, "decided.html", case=case)


async def _decide(
    db: Db, desk: Desk, id: str, outcome: DecisionOutcome | None, reasons: list[str], key: str
) -> Application:
    """Decide as `reviewApplication` does, by the same verb and with the same receipt."""
    parsed = parse_global_id(id)
    if parsed is None or parsed[0] != "Application" or outcome is None:
        raise not_found(N_("We could not find this application."))
    return await deciding.decide_by_review(
        db,
        desk.actor,
        application_id=parsed[1],
        outcome=outcome,
        reasons=reasons,
        key=key,
    )


async def _not_decided(request: Request, desk: Desk, refusal: Refusal, said: list[str]) -> Response:
    """The case again, with why not and with what was typed."""
    error = say(refusal.message, locale_of(request), **refusal.values)
    status = STATUS.get(refusal.code, 409)
    if request.headers.get("hx-request") != "true":
        return await _queue(request, desk, status, error)
    parsed = parse_global_id(request.path_params["id"])
    async with reading() as db:
        found = await applications.find(db, desk.actor, parsed[1]) if parsed else None
        cases = await _cases(db, [found] if found else [])
    # htmx shows only what comes with 200.
    return page(request, "not_decided.html", case=cases[0] if cases else None, error=error, said="\n".join(said))


async def _cases(db: Db, found: list[Application]) -> list[Case]:
    now: datetime = await clock.now(db)
    titles = await products.by_ids(db, {each.product_id for each in found})
    why = await decisions.latest(db, {(each.user_id, each.id) for each in found}) if found else {}
    made_up = await invented.among(db, {each.user_id for each in found})
    return [
        Case(
            application=each,
            product=titles[each.product_id],
            decision=why.get((each.user_id, each.id)),
            left=each.promised_by - now,
            key=new_id().hex,
            is_invented=made_up[each.user_id],
        )
        for each in found
    ]
