"""The regulator's view, which changes nothing: which rules, prices and models were in force when, and what people complain of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.exporting import table_as_csv
from api.console.pages.matching import MOVES
from api.console.pages.plans import PERIODS
from api.console.pages.plans import STATUSES as PLAN_STATUSES
from api.console.pages.rendering import page
from api.console.pages.tier_rules import STATUSES as RULES_STATUSES
from api.console.pages.visits import StaffVisit, requires
from domain.agreements.claims import Claim, ClaimStatus
from domain.agreements.hardships import Hardship, HardshipStatus
from domain.disputes.disputes import Dispute, DisputeStatus
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
# What waits, until when, what a person of the staff has answered, and what of that in favour of whoever complained.
COMPLAINTS = {
    N_("Factors that are disputed"): (
        Dispute.status == DisputeStatus.OPEN,
        Dispute.answer_by,
        Dispute.answered_by.is_not(None),
        Dispute.status == DisputeStatus.UPHELD,
    ),
    N_("Claims that are disputed"): (
        Claim.status == ClaimStatus.DISPUTED,
        Claim.answer_by,
        Claim.decided_by.is_not(None),
        Claim.upheld < Claim.amount,
    ),
    N_("Hardships that were asked for"): (
        Hardship.status == HardshipStatus.REQUESTED,
        Hardship.promised_by,
        Hardship.staff_id.is_not(None),
        Hardship.status != HardshipStatus.REFUSED,
    ),
}


@dataclass(frozen=True)
class ComplaintCounts:
    """How many of one kind wait, of which the first is promised an answer by `promised_by`; how many were answered, ever, and how many
    of those wholly or partly in favour of whoever complained.
    """

    name: str
    waiting: int
    promised_by: datetime | None
    answered: int
    favoured: int


@dataclass(frozen=True)
class InForce:
    """Versions of what decides over people, the newest first, with who wrote or moved each, by name."""

    versions: Sequence[TierRules]
    spans: Mapping[UUID, list[Span]]
    prices: Sequence[MembershipPlan]
    moves: Sequence[ModelMove]
    names: Mapping[UUID, str]

    def by(self, staff_id: UUID | None) -> str:
        return self.names.get(staff_id, "") if staff_id else "Longan"


@requires(Permission.SEE_CHANGES)
async def regulator_page(request: Request, visit: StaffVisit) -> Response:
    async with reading() as db:
        told = await _in_force(db, SHOWN)
        live = {kind: await _live(db, kind) for kind in ModelKind}
        complaints = await _complaints(db)
    labels = {"rules_statuses": RULES_STATUSES, "plan_statuses": PLAN_STATUSES, "periods": PERIODS}
    labels |= {"kinds": MODELS, "moved": MOVES}
    return page(request, "regulator.html", told=told, live=live, complaints=complaints, most=SHOWN, **labels)


@requires(Permission.SEE_CHANGES)
async def exported(request: Request, visit: StaffVisit) -> Response:
    """All of it, a line for each time that something was in force, was written or moved."""
    async with reading() as db:
        told = await _in_force(db)
    columns = ("what", "which", "version", "status", "from", "until", "price", "currency", "by")
    return table_as_csv("regulator", columns, _lines(told))


def _lines(told: InForce) -> Iterator[Sequence[object]]:
    for rule in told.versions:
        times: Sequence[tuple[datetime | None, datetime | None]] = told.spans[rule.id] or [(None, None)]
        for begun, ended in times:
            yield "tier-rules", None, rule.version, rule.status, begun, ended, None, None, told.by(rule.author_id)
    for plan in told.prices:
        price, by = (plan.price, plan.currency), told.by(plan.author_id)
        yield "plan", plan.code, plan.version, plan.status, plan.created_at, None, *price, by
    for move in told.moves:
        by = told.by(move.moved_by_id)
        yield "model", move.kind.value, move.version, move.move.value, move.moved_at, None, None, None, by


async def _in_force(db: Db, most: int | None = None) -> InForce:
    """The newest of each, or all: each takes somebody who writes it or a training, so they are never too many."""
    versions = rules.all_versions().order_by(TierRules.version.desc()).limit(most)
    sold_first = (MembershipPlan.status == OfferedStatus.LIVE).desc()
    prices = plans.all_versions().order_by(sold_first, MembershipPlan.code, MembershipPlan.version.desc()).limit(most)
    moves = select(ModelMove).order_by(ModelMove.moved_at.desc(), ModelMove.id.desc()).limit(most)
    written = (await db.execute(versions)).scalars().all()
    steps = await rules.steps_of(db, {each.id for each in written})
    priced, moved = (await db.execute(prices)).scalars().all(), (await db.execute(moves)).scalars().all()
    authors = {each.author_id for each in written} | {each.author_id for each in priced}
    authors |= {each.moved_by_id for each in moved}
    names = await staff.names_of(db, {each for each in authors if each})
    return InForce(written, {each.id: in_force(each, steps.get(each.id, [])) for each in written}, priced, moved, names)


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


async def _complaints(db: Db) -> list[ComplaintCounts]:
    found = []
    for name, (waits, promised, is_answered, is_favoured) in COMPLAINTS.items():
        counts = (
            func.count().filter(waits),
            func.min(promised).filter(waits),
            func.count().filter(is_answered),
            func.count().filter(is_answered, is_favoured),
        )
        found.append(ComplaintCounts(name, *(await db.execute(select(*counts).where(or_(waits, is_answered)))).one()))
    return found


routes: list[Route] = [
    Route("/console/regulator", regulator_page),
    Route("/console/regulator.csv", exported),
]
