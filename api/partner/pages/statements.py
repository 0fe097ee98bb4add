"""What a day came to between a partner, its people and Longan, line by line; and what Longan paid out to it."""

from calendar import monthrange
from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.exporting import table_as_csv
from api.partner.pages.rendering import page
from api.partner.pages.visits import MemberVisit, requires
from domain.permissions import Permission
from domain.reconciling import remittances, settlements
from domain.reconciling.settlements import SettlementKind, SettlementLine
from infra import clock
from infra.calendar import read_day
from infra.database import reading
from infra.ids import global_id
from infra.money import Money
from infra.words import N_

SHOWN = 50
COLUMNS = ("on", "at", "kind", "amount", "currency", "reference", "agreementId", "lookups")
KINDS = {
    SettlementKind.PAID_OUT: N_("You paid out"),
    SettlementKind.RECEIVED: N_("Received for you"),
    SettlementKind.REFUNDED: N_("Given back"),
    SettlementKind.FEE: N_("Fee"),
    SettlementKind.BENEFIT: N_("Benefits used"),
}


@requires(Permission.SEE_OWN_PARTNER)
async def statements_page(request: Request, visit: MemberVisit) -> Response:
    partner_id = visit.actor.partner_id
    async with reading() as db:
        on = _day(request.query_params.get("on")) or await clock.today(db)
        settlement = await settlements.settlement_of(db, partner_id, on)
        paid = await remittances.newest(db, SHOWN, partner_id)
    return page(request, "statements.html", settlement=settlement, remittances=paid, kinds=KINDS)


@requires(Permission.SEE_OWN_PARTNER)
async def exported(request: Request, visit: MemberVisit) -> Response:
    """All lines of the month in which the day lies."""
    async with reading() as db:
        on = _day(request.query_params.get("on")) or await clock.today(db)
        first, last = on.replace(day=1), on.replace(day=monthrange(on.year, on.month)[1])
        lines = await settlements.lines_between(db, visit.actor.partner_id, first, last)
    return table_as_csv(f"statement-{first:%Y-%m}", COLUMNS, map(_row, lines))


def _row(line: SettlementLine) -> tuple[object, ...]:
    amount = Money(line.amount, line.currency).amount
    agreement = global_id("Agreement", line.subject_id) if line.is_of_agreement else None
    at = (clock.local_day(line.at), line.at.isoformat())
    return (*at, line.kind, amount, line.currency, line.reference, agreement, line.lookups)


def _day(text: str | None) -> date | None:
    """None for what is no day of a calendar that we can reckon with."""
    try:
        return read_day(text) if text else None
    except ValueError:
        return None


routes: list[Route] = [
    Route("/partner/statements", statements_page),
    Route("/partner/statements.csv", exported),
]
