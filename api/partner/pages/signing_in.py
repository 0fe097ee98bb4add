"""Signing in and out of a partner's pages."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.partner.pages.visits import PARTNERS, MemberVisit, requires
from api.signing_in import SigningIn, end_visit
from api.visits import BODY_BYTES_MAX, posted
from domain.permissions import Permission


class MemberSignIn(SigningIn):
    pages = PARTNERS


@requires(Permission.SIGNED_IN)
async def sign_out(request: Request, visit: MemberVisit) -> Response:
    return await end_visit(PARTNERS, visit)


routes: list[Route] = [
    Route("/partner/sign-in", MemberSignIn, max_body_size=BODY_BYTES_MAX),
    posted("/partner/sign-out", sign_out),
]
