"""A partner's web pages at `/partner`: for its own staff, who look on; the guide is for everybody."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from api.graphql.errors import PublicError
from api.partner.pages import (
    agreements,
    applications,
    deliveries,
    guide,
    home,
    keys,
    products,
    rendering,
    signing_in,
    statements,
    vocabulary,
)
from api.refusing import why_failed


def failed(request: Request, error: PublicError) -> Response:
    return rendering.page(request, "failed.html", error.http_status, why=why_failed(error))


def routes() -> list[BaseRoute]:
    pages = (home, signing_in, products, applications, agreements, statements, deliveries, keys, guide, vocabulary)
    return [*(route for each in pages for route in each.routes), rendering.PAGES.files()]
