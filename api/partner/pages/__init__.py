"""A partner's web pages at `/partner`: for its own staff, who look on; the guide is for everybody."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

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
from api.visits import AWAY, BODY_BYTES_MAX, BROKEN


def failed(request: Request, error: PublicError) -> Response:
    why = AWAY if error.http_status in {429, 503} else BROKEN
    return rendering.page(request, "failed.html", error.http_status, why=why)


def routes() -> list[BaseRoute]:
    return [
        Route("/partner", home.home),
        Route("/partner/sign-in", signing_in.MemberSignIn, max_body_size=BODY_BYTES_MAX),
        Route("/partner/sign-out", signing_in.sign_out, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/partner/products", products.products_page),
        Route("/partner/applications", applications.applications_page),
        Route("/partner/agreements", agreements.agreements_page),
        Route("/partner/statements", statements.statements_page),
        Route("/partner/deliveries", deliveries.deliveries_page),
        Route("/partner/deliveries/{id}", deliveries.resend, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/partner/keys", keys.keys_page),
        Route("/partner/guide", guide.guide_page),
        Route("/partner/codes", guide.codes_page),
        Route("/partner/changelog", guide.changelog_page),
        rendering.PAGES.files(),
        Route("/partner/vocabulary", vocabulary.vocabulary_page),
    ]
