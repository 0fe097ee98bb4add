"""Money: what does not agree with the ledger, what fits nothing, and one agreement with all that is told of it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.refusing import error_of, status_of
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.coming import BUCKETS
from domain.agreements.movements import Movement, MovementKind
from domain.agreements.papers import papers
from domain.agreements.papers.papers import TITLES, Issuance
from domain.agreements.schedules import InstalmentStatus
from domain.agreements.standings import AgreementStanding, standings
from domain.agreements.waiving import WhyWaived
from domain.applications import decisions
from domain.applications.decisions import Decision
from domain.days import buckets
from domain.deadlines import deadlines
from domain.deadlines.deadlines import Deadline
from domain.evidence.leaves import Evidence
from domain.ledger.accounts import Balances, balances_of
from domain.ledger.kinds import KINDS, AccountKind
from domain.ledger.transfers import Transfer, transfers_of
from domain.payments import takings
from domain.payments.takings import Taking, WhyUnmatched
from domain.permissions import Permission
from domain.reconciling import breaks
from domain.reconciling.breaks import BreakKind, LedgerBreak
from infra.database import Db, reading
from infra.errors import Refusal
from infra.ids import global_id, parse_global_id
from infra.words import N_

SHOWN = 50
NO_SUCH = N_("We could not find this agreement.")

BREAKS = {
    BreakKind.LEDGER: N_("The ledger itself is broken"),
    BreakKind.SCHEDULE: N_("Schedule and ledger differ"),
    BreakKind.STATEMENT: N_("Statement and ledger differ"),
    BreakKind.LIMIT: N_("Limit and ledger differ"),
    BreakKind.PAYOUT: N_("Draw-down and ledger differ"),
    BreakKind.PAYMENT: N_("Payment and ledger differ"),
    BreakKind.REFUND: N_("Refund and ledger differ"),
    BreakKind.DEPOSIT: N_("Deposit and ledger differ"),
    BreakKind.STUCK: N_("The cashier did not give back"),
    BreakKind.REPORT: N_("A partner's report and the ledger differ"),
}
WHY = {
    WhyUnmatched.UNKNOWN_PAYMENT: N_("No payment of ours has this number"),
    WhyUnmatched.SECOND_PAYMENT: N_("The payment was settled before"),
    WhyUnmatched.WRONG_AMOUNT: N_("Another amount than was asked for"),
    WhyUnmatched.FOREIGN_CURRENCY: N_("Another currency than was asked for"),
    WhyUnmatched.NOTHING_OWED: N_("Nothing is owed any more"),
    None: N_("The cashier contradicts itself"),
}
STATUSES = {
    AgreementStatus.PENDING: N_("Not begun"),
    AgreementStatus.ACTIVE: N_("In force"),
    AgreementStatus.OVERDUE: N_("In arrears"),
    AgreementStatus.PAUSED: N_("Paused"),
    AgreementStatus.RETURNING: N_("On its way back"),
    AgreementStatus.SETTLED: N_("Settled"),
    AgreementStatus.UNWOUND: N_("Taken back"),
}
INSTALMENTS = {
    InstalmentStatus.OPEN: N_("Open"),
    InstalmentStatus.PARTLY_PAID: N_("Partly paid"),
    InstalmentStatus.PAID: N_("Paid"),
    InstalmentStatus.OVERDUE: N_("In arrears"),
    InstalmentStatus.WAIVED: N_("Waived"),
}
MOVEMENTS = {
    MovementKind.PRINCIPAL: N_("Paid out"),
    MovementKind.INTEREST: N_("Interest"),
    MovementKind.FEE: N_("Fee"),
    MovementKind.RENT: N_("Rent"),
    MovementKind.REPAYMENT: N_("Repayment"),
    MovementKind.REVERSAL: N_("Booked anew"),
    MovementKind.WAIVER: N_("Waived"),
    MovementKind.REFUND: N_("Given back"),
    MovementKind.PAYOUT_RETURNED: N_("The payout came back"),
}
ACCOUNTS = {
    AccountKind.PRINCIPAL: N_("Principal owed"),
    AccountKind.INTEREST: N_("Interest owed"),
    AccountKind.FEES: N_("Fees owed"),
    AccountKind.RENT: N_("Rent owed"),
    AccountKind.CREDIT: N_("Paid too much"),
    AccountKind.LENT: N_("Lent"),
    AccountKind.INTEREST_EARNED: N_("Interest earned"),
    AccountKind.FEES_EARNED: N_("Fees earned"),
    AccountKind.RENT_EARNED: N_("Rent earned"),
    AccountKind.REPAID: N_("Repaid"),
    AccountKind.COLLECTED: N_("At the cashier"),
    AccountKind.PAYABLE: N_("Owed to the partner"),
    AccountKind.COMMISSION: N_("Longan's fees"),
    AccountKind.DRAWABLE: N_("Can be drawn"),
    AccountKind.RESERVED: N_("On its way"),
    AccountKind.COMMITTED: N_("The lender stands by with"),
    AccountKind.DEPOSIT: N_("Deposit held"),
    AccountKind.DEPOSIT_RETURNING: N_("Deposit on its way back"),
    AccountKind.UNMATCHED: N_("Fits nothing"),
    AccountKind.REMITTED: N_("Paid out to the partner"),
    AccountKind.BENEFITS: N_("Cost of benefits"),
    AccountKind.BENEFITS_OWED: N_("Owed for benefits"),
    AccountKind.PLANS_SOLD: N_("Plans sold"),
}
WHY_WAIVED = {
    WhyWaived.OUR_MISTAKE: N_("A mistake of ours"),
    WhyWaived.ON_ITS_WAY: N_("The money was on its way"),
    WhyWaived.BAD_TIMES: N_("They cannot help it"),
    WhyWaived.GOODWILL: N_("Goodwill"),
}
BUCKET_NAMES = {
    1: N_("1 to 7 days"),
    8: N_("8 to 30 days"),
    31: N_("31 to 60 days"),
    61: N_("61 to 90 days"),
    91: N_("91 days and more"),
}
assert tuple(BUCKET_NAMES) == BUCKETS, "each bucket has a name that people read"
assert ACCOUNTS.keys() == KINDS.keys(), "each account has a name that people read"


@dataclass(frozen=True)
class AgreementFile:
    """An agreement and all that is told of it; nothing that tells who the person is."""

    standing: AgreementStanding
    balances: Balances
    transfers: list[Transfer]
    decision: Decision | None
    evidence: list[Evidence]
    papers: list[Issuance]
    breaks: list[LedgerBreak]

    @property
    def agreement(self) -> Agreement:
        return self.standing.agreement

    @property
    def statement(self) -> list[Movement]:
        return list(reversed(self.standing.movements))


@requires(Permission.WATCH_MONEY)
async def money_page(request: Request, visit: StaffVisit) -> Response:
    async with reading() as db:
        open_breaks, count = await breaks.open_breaks(db, SHOWN), await breaks.count_open(db)
        odd, late = await takings.odd(db, SHOWN), await buckets.buckets(db)
        missed = await _missed(db)
        theirs = await _agreements(db, {each.subject_id for each in open_breaks})
    return page(
        request,
        "money.html",
        breaks=[(each, theirs.get(each.subject_id)) for each in open_breaks],
        count=count,
        unmatched=[(each, _why(each)) for each in odd],
        kinds=BREAKS,
        late=late,
        missed=missed,
        most=max(each.agreements for each in late),
        bucket_names=BUCKET_NAMES,
    )


async def _missed(db: Db) -> list[tuple[Deadline, str, str | None]]:
    """Each with its name, and the page of the agreement that it is about; None where it is about something else."""
    found = await deadlines.missed(db, SHOWN)
    theirs = await _agreements(db, {each.about_id for each in found})
    return [(each, deadlines.KINDS[each.kind].name, theirs.get(each.about_id)) for each in found]


async def _agreements(db: Db, ids: set[UUID]) -> dict[UUID, str]:
    """The page of each that is an agreement; a plan, a partner's report or money that fits nothing has none."""
    known = (await db.execute(select(Agreement.id).where(Agreement.id.in_(ids)))).scalars() if ids else ()
    return {id: f"/console/agreements/{global_id('Agreement', id)}" for id in known}


def _why(taking: Taking) -> str:
    return WHY[taking.why]


@requires(Permission.WATCH_MONEY)
async def agreement_page(request: Request, visit: StaffVisit) -> Response:
    return await show_agreement(request)


async def show_agreement(request: Request, refusal: Refusal | None = None) -> Response:
    """The page of the agreement whose id is in the path; with why something was not done to it."""
    parsed = parse_global_id(request.path_params["id"])
    async with reading() as db:
        file = await _read(db, parsed[1]) if parsed and parsed[0] == "Agreement" else None
    if file is None:
        return page(request, "refused.html", 404, why=NO_SUCH)
    return page(
        request,
        "agreement.html",
        status_of(refusal),
        error=error_of(request, refusal),
        why_waived=WHY_WAIVED,
        address=request.path_params["id"],
        file=file,
        kinds=BREAKS,
        statuses=STATUSES,
        instalments=INSTALMENTS,
        movements=MOVEMENTS,
        accounts=ACCOUNTS,
        titles=TITLES,
    )


async def _read(db: Db, id: UUID) -> AgreementFile | None:
    agreement = (await db.execute(select(Agreement).where(Agreement.id == id))).scalar_one_or_none()
    if agreement is None:
        return None
    key = agreement.user_id, agreement.id
    application = agreement.user_id, agreement.application_id
    leaves = select(Evidence).where(
        Evidence.user_id == agreement.user_id, Evidence.subject_id.in_((agreement.id, agreement.application_id))
    )
    return AgreementFile(
        (await standings(db, {key}))[key],
        await balances_of(db, *key),
        list(reversed(await transfers_of(db, *key))),
        (await decisions.latest(db, {application})).get(application),
        list((await db.execute(leaves.order_by(Evidence.at))).scalars()),
        (await papers.of_agreements(db, {key})).get(key, []),
        list(await breaks.of_subject(db, agreement.id)),
    )


routes: list[Route] = [
    Route("/console/money", money_page),
    Route("/console/agreements/{id}", agreement_page),
]
