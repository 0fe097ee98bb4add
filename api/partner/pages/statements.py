"""What a day came to between a partner, its people and Longan, line by line; and what Longan paid out to it."""

from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.partner.pages.rendering import page
from api.partner.pages.visits import MemberVisit, requires
from domain.permissions import Permission
from domain.reconciling import remittances, settlements
from domain.reconciling.settlements import SettlementKind
from infra import clock
from infra.calendar import read_day
from infra.database import reading
from infra.words import N_

SHOWN = 50
KINDS = {
    SettlementKind.PAID_OUT: N_("You paid out"),
    SettlementKind.RECEIVED: N_("Received for you"),
    SettlementKind.REFUNDED: N_("Given back"),
    SettlementKind.FEE: N_("Fee"),
}


@requires(Permission.SEE_OWN_PARTNER)
async def statements_page(request: Request, visit: MemberVisit) -> Response:
    partner_id = visit.actor.partner_id
    async with reading() as db:
        on = _day(request.query_params.get("on")) or await clock.today(db)
        settlement = await settlements.settlement_of(db, partner_id, on)
        paid = await remittances.newest(db, SHOWN, partner_id)
    return page(request, "statements.html", settlement=settlement, remittances=paid, kinds=KINDS)


def _day(text: str | None) -> date | None:
    """None for what is no day of a calendar that we can reckon with."""
    try:
        return read_day(text) if text else None
    except ValueError:
        return None


routes: list[Route] = [
    Route("/partner/statements", statements_page),
]
