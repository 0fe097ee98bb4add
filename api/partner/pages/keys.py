"""The clients that a partner's servers sign in with: what each may do, and since when."""

from starlette.requests import Request
from starlette.responses import Response

from api.partner.pages.rendering import page
from api.partner.pages.visits import MemberVisit, requires
from domain.people import partners
from domain.permissions import Permission
from infra.database import reading


@requires(Permission.SEE_OWN_PARTNER)
async def keys_page(request: Request, visit: MemberVisit) -> Response:
    async with reading() as db:
        clients = await partners.clients_of(db, visit.actor.partner_id)
    return page(request, "keys.html", clients=clients)
