"""The console's web pages at `/console`: for staff, without a line of script of our own."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from api.console.pages import (
    approving,
    benefits,
    breathing,
    campaigns,
    case,
    certificates,
    changes,
    claims,
    disputing,
    drafting_campaigns,
    hardships,
    home,
    matching,
    members,
    money,
    partners,
    plans,
    product,
    products,
    refunds,
    regulator,
    rendering,
    reviewing,
    signals,
    signing_in,
    stopping,
    takings,
    tier_rules,
    tiers,
    trials,
    waiving,
    watching,
)
from api.graphql.errors import PublicError
from api.refusing import why_failed


def failed(request: Request, error: PublicError) -> Response:
    return rendering.page(request, "failed.html", error.http_status, why=why_failed(error))


def routes() -> list[BaseRoute]:
    # What has a name of its own stands before what is found by an id.
    pages = (
        home,
        signing_in,
        approving,
        benefits,
        changes,
        members,
        plans,
        regulator,
        tier_rules,
        tiers,
        drafting_campaigns,
        campaigns,
        certificates,
        trials,
        products,
        product,
        reviewing,
        case,
        watching,
        matching,
        money,
        waiving,
        takings,
        refunds,
        stopping,
        hardships,
        breathing,
        claims,
        disputing,
        signals,
        partners,
    )
    return [*(route for each in pages for route in each.routes), rendering.PAGES.files()]
