"""The regulator's view, which changes nothing: which rules, prices and models were in force when, and what people complain of."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, text
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.matching import MOVES
from api.console.pages.plans import PERIODS
from api.console.pages.plans import STATUSES as PLAN_STATUSES
from api.console.pages.rendering import page
from api.console.pages.tier_rules import STATUSES as RULES_STATUSES
from api.console.pages.visits import StaffVisit, requires
from domain.agreements.claims import Claim
from domain.agreements.hardships import Hardship
from domain.disputes.disputes import Dispute
from domain.people import staff
from domain.permissions import Permission
from infra.database import Db, reading
from infra.words import N_
from membership import rules
from membership.plans import plans
from membership.plans.plans import MembershipPlan, OfferedStatus
from membership.rules import RulesStatus, TierRules, TierRulesMove
from ml.live import registry
from ml.live.approvals import ModelMove
from ml.live.store import ModelKind
from ml.models.artefact import ArtefactError

SHOWN = 50
Span = tuple[datetime, datetime | None]  # from when until when something was in force; None: it still is
MODELS = {ModelKind.SCORE: N_("Scores"), ModelKind.MATCH: N_("Matches")}
WAITING = {
    N_("Factors that are disputed"): (Dispute.id, text("status = 'OPEN'"), Dispute.answer_by),
    N_("Claims that are disputed"): (Claim.id, text("status = 'DISPUTED'"), Claim.answer_by),
    N_("Hardships that were asked for"): (Hardship.id, text("status = 'REQUESTED'"), Hardship.promised_by),
}


@requires(Permission.SEE_CHANGES)
async def regulator_page(request: Request, visit: StaffVisit) -> Response:
    async with reading() as db:
        versions = rules.all_versions().order_by(TierRules.version.desc()).limit(SHOWN)
        sold_first = (MembershipPlan.status == OfferedStatus.LIVE).desc()
        prices = (
            plans.all_versions().order_by(sold_first, MembershipPlan.code, MembershipPlan.version.desc()).limit(SHOWN)
        )
        moves = select(ModelMove).order_by(ModelMove.moved_at.desc(), ModelMove.id.desc()).limit(SHOWN)
        written = list((await db.execute(versions)).scalars())
        steps = await rules.steps_of(db, {each.id for each in written})
        priced = list((await db.execute(prices)).scalars())
        moved = list((await db.execute(moves)).scalars())
        live = {kind: await _live(db, kind) for kind in ModelKind}
        complaints = await _complaints(db)
        authors = (
            {each.author_id for each in written}
            | {each.author_id for each in priced}
            | {each.moved_by_id for each in moved}
        )
        names = await staff.names_of(db, {each for each in authors if each})
    spans = {each.id: in_force(each, steps.get(each.id, [])) for each in written}
    shown = {
        "versions": written,
        "spans": spans,
        "prices": priced,
        "moves": moved,
        "live": live,
        "complaints": complaints,
    }
    labels = {"rules_statuses": RULES_STATUSES, "plan_statuses": PLAN_STATUSES, "periods": PERIODS}
    labels |= {"kinds": MODELS, "moved": MOVES}
    return page(request, "regulator.html", names=names, **shown, **labels)


def in_force(version: TierRules, steps: Sequence[TierRulesMove]) -> list[Span]:
    """What the house began with was so from the beginning; whatever was rolled back to, more than once."""
    begun: datetime | None = None if version.author_id else version.created_at
    spans = list[Span]()
    for step in steps:
        if step.status is RulesStatus.LIVE:
            begun = step.at
        elif step.status is RulesStatus.SUPERSEDED and begun is not None:
            spans.append((begun, step.at))
            begun = None
    return [*spans, (begun, None)] if begun else spans


async def _live(db: Db, kind: ModelKind) -> str | None:
    """The version that is live; None where none is, or what says so cannot be believed."""
    try:
        return (await registry.standing(db, kind)).champion
    except ArtefactError:
        return None


async def _complaints(db: Db) -> list[tuple[str, int, datetime | None]]:
    """What waits for an answer, how many of it, and by when the first one is promised."""
    found: list[tuple[str, int, datetime | None]] = []
    for name, (id, waits, promised) in WAITING.items():
        count, first = (await db.execute(select(func.count(id), func.min(promised)).where(waits))).one()
        found.append((name, count, first))
    return found


routes: list[Route] = [
    Route("/console/regulator", regulator_page),
]
