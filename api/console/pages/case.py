"""One case: all that a reviewer has to see, two forms of their own, and a second step before anything is final."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.console.pages.numbers import read_whole
from api.console.pages.rendering import page
from api.console.pages.reviewing import WaitingCase, waiting_at
from api.console.pages.signals import EVIDENCE
from api.console.pages.visits import StaffVisit, requires
from api.refusing import carry_out, error_of, status_of
from api.visits import posted
from domain.applications import applications, cases, deciding, given_reasons, review_holds
from domain.applications.applications import AWAITING_REVIEW, Application
from domain.applications.approving import LESS, ApprovedTerms
from domain.applications.decisions import DecisionOutcome
from domain.facts.vocabulary import OCCUPATION_LABELS
from domain.permissions import Permission
from domain.risk import signals
from domain.risk.rules import RULES
from infra import clock
from infra.database import Db, reading, transact
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.ids import new_id, parse_global_id
from infra.money import Money
from infra.settings import settings
from infra.words import N_

OUTCOMES = {"approve": DecisionOutcome.APPROVE, "decline": DecisionOutcome.DECLINE}
NO_SUCH = N_("We could not find this application.")


@dataclass(frozen=True)
class CaseForm:
    """What a form says. `seen`: the mark of the case as it was shown; `final`: to the second question, yes or no."""

    outcome: str
    reasons: tuple[str, ...] = ()
    amount: str = ""
    months: str = ""
    key: str = ""
    seen: str = ""
    final: str = ""

    @property
    def text(self) -> str:
        return "\n".join(self.reasons)

    def amount_in(self, currency: str) -> Money | None:
        """How much is approved; None where nothing less was typed. Refuses INVALID what is no amount."""
        try:
            return Money.of(self.amount, currency) if self.amount else None
        except ValueError:
            raise invalid(N_("Enter an amount above 0."), ("input", "amount")) from None

    def less_in(self, currency: str) -> ApprovedTerms:
        return ApprovedTerms(self.amount_in(currency), self.months_asked, place=LESS)

    @property
    def months_asked(self) -> int | None:
        """None where nothing was chosen; 0, which no product offers, where it is no term."""
        return read_whole(self.months) or 0 if self.months else None


async def form_of(request: Request) -> CaseForm:
    form = await request.form()
    reasons = tuple(line.strip() for line in str(form.get("reasons", "")).splitlines() if line.strip())
    told = {name: str(form.get(name, "")) for name in ("outcome", "amount", "months", "key", "seen", "final")}
    return CaseForm(**told, reasons=reasons)


@requires(Permission.REVIEW_APPLICATIONS)
async def case(request: Request, visit: StaffVisit) -> Response:
    return await _case_page(request, visit)


@requires(Permission.REVIEW_APPLICATIONS)
async def answer(request: Request, visit: StaffVisit) -> Response:
    """The first time asks again; the second decides, by the same verb and with the same receipt as `reviewApplication`."""
    said = await form_of(request)
    if said.outcome not in OUTCOMES or _id_of(request) is None:
        return page(request, "refused.html", 404, why=NO_SUCH)
    if said.final == "no":
        return await _case_page(request, visit, said)
    try:
        given_reasons.of_reviewer(said.reasons)
        if said.final != "yes":
            return await _asked_again(request, visit, said)
        await transact(lambda db: _decide(db, visit, request, said))
    except Refusal as refusal:
        return await _case_page(request, visit, said, refusal)
    return RedirectResponse(request.url.path, 303)


@requires(Permission.REVIEW_APPLICATIONS)
async def take(request: Request, visit: StaffVisit) -> Response:
    """Hold the case, so that nobody else decides it for a while."""
    back = request.url.path.removesuffix("/take")
    return await carry_out(lambda db: _take(db, visit, request), back, partial(_case_page, request, visit, None))


async def _take(db: Db, visit: StaffVisit, request: Request) -> Application:
    application = await _application_of(db, visit, request)
    return await review_holds.take(db, visit.actor, application.id)


async def _decide(db: Db, visit: StaffVisit, request: Request, said: CaseForm) -> Application:
    application = await _application_of(db, visit, request)
    return await deciding.decide_by_review(
        db,
        visit.actor,
        application_id=application.id,
        outcome=OUTCOMES[said.outcome],
        reasons=list(said.reasons),
        amount=said.amount_in(application.currency),
        months=said.months_asked,
        key=said.key,
        seen=said.seen or None,
    )


async def _asked_again(request: Request, visit: StaffVisit, said: CaseForm) -> Response:
    waiting = await _read(request, visit)
    if waiting.case.application.status not in AWAITING_REVIEW:
        raise Refusal(RefusalCode.NOT_OPEN, applications.NOT_OPEN)
    bound = waiting.case.for_less(said.less_in(waiting.case.application.currency))
    return page(request, "confirm.html", waiting=waiting, said=said, bound=bound, key=new_id().hex)


async def _case_page(
    request: Request, visit: StaffVisit, said: CaseForm | None = None, refusal: Refusal | None = None
) -> Response:
    """The case; with what was typed, and why it was not done."""
    try:
        waiting = await _read(request, visit)
    except Refusal:
        return page(request, "refused.html", 404, why=NO_SUCH)
    error, status = error_of(request, refusal), status_of(refusal)
    is_open = waiting.case.application.status in AWAITING_REVIEW
    shown = {"waiting": waiting, "said": said, "error": error, "is_open": is_open, "occupations": OCCUPATION_LABELS}
    is_held_by_other = waiting.hold is not None and waiting.hold.staff_id != visit.actor.staff_id
    shown |= {"is_held_by_other": is_held_by_other}
    seen = await _signals(visit, waiting.case.application.user_id)
    return page(request, "case.html", status, house_currency=settings().currency, **shown, **seen)


async def _signals(visit: StaffVisit, user_id: UUID) -> dict[str, object]:
    """What rules saw of them, for whoever may know of it, with its words."""
    async with reading() as db:
        standing = await signals.standing_for(db, visit.actor, user_id)
    return {"signals": standing, "rules": RULES, "evidence": EVIDENCE}


async def _read(request: Request, visit: StaffVisit) -> WaitingCase:
    async with reading() as db:
        application = await _application_of(db, visit, request)
        whole = await cases.seen_by(db, await cases.of_applications(db, [application]), visit.actor)
        (waiting,) = await waiting_at(db, await clock.now(db), whole)
    return waiting


async def _application_of(db: Db, visit: StaffVisit, request: Request) -> Application:
    id = _id_of(request)
    application = await applications.find(db, visit.actor, id) if id else None
    if application is None:
        raise not_found(NO_SUCH)
    return application


def _id_of(request: Request) -> UUID | None:
    parsed = parse_global_id(request.path_params["id"])
    return parsed[1] if parsed and parsed[0] == "Application" else None


routes: list[Route] = [
    Route("/console/reviews/{id}", case),
    posted("/console/reviews/{id}", answer),
    posted("/console/reviews/{id}/take", take),
]
