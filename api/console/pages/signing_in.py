"""The console's own signing in and out."""

from starlette.requests import Request
from starlette.responses import Response

from api.console.pages.visits import CONSOLE, StaffVisit, requires
from api.signing_in import SigningIn, end_visit
from domain.permissions import Permission


class SignIn(SigningIn):
    pages = CONSOLE


@requires(Permission.SIGNED_IN)
async def sign_out(request: Request, visit: StaffVisit) -> Response:
    return await end_visit(CONSOLE, visit)
