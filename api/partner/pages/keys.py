"""The clients that a partner's servers sign in with: what each may do, since when, and until when what proves it is right."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.partner.pages.rendering import page
from api.partner.pages.visits import MemberVisit, requires
from domain.people import expiring, partners
from domain.people.partners import PartnerClient
from domain.permissions import Permission
from infra import clock
from infra.database import reading


@requires(Permission.SEE_OWN_PARTNER)
async def keys_page(request: Request, visit: MemberVisit) -> Response:
    async with reading() as db:
        clients = await partners.clients_of(db, visit.actor.partner_id)
        proofs = await expiring.of_partner(db, visit.actor.partner_id)
        warned = await expiring.soon(db, PartnerClient.partner_id == visit.actor.partner_id)
        now = await clock.now(db)
    shown = {"clients": clients, "proofs": proofs, "warned": warned, "now": now, "soon": now + expiring.WARNED_BEFORE}
    return page(request, "keys.html", **shown)


routes: list[Route] = [
    Route("/partner/keys", keys_page),
]
