"""The console's own signing in and out."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.visits import CONSOLE, StaffVisit, requires
from api.signing_in import SigningIn, end_visit
from api.visits import BODY_BYTES_MAX, posted
from domain.permissions import Permission


class SignIn(SigningIn):
    pages = CONSOLE


@requires(Permission.SIGNED_IN)
async def sign_out(request: Request, visit: StaffVisit) -> Response:
    return await end_visit(CONSOLE, visit)


routes: list[Route] = [
    Route("/console/sign-in", SignIn, max_body_size=BODY_BYTES_MAX),
    posted("/console/sign-out", sign_out),
]
