"""What a partner offers, whatever its status."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.products import STATUSES
from api.partner.pages.listing import further, listed
from api.partner.pages.rendering import page
from api.partner.pages.visits import MemberVisit, requires
from domain.market import products
from domain.market.products import Product
from domain.permissions import Permission
from infra.database import reading


@requires(Permission.SEE_OWN_PARTNER)
async def products_page(request: Request, visit: MemberVisit) -> Response:
    own = products.offered_by(visit.actor.partner)
    async with reading() as db:
        shown = await listed(request, db, own, [Product.sku], newest_first=False)
    return page(request, "products.html", products=shown.items, further=further(request, shown), statuses=STATUSES)


routes: list[Route] = [
    Route("/partner/products", products_page),
]
