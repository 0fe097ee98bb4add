"""A visit at the console: who has signed in, what they may open, and the proof that a form is their own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from urllib.parse import quote

from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from api.asking import asks
from api.console.pages.rendering import page
from api.forms import form_token, is_own_form
from api.graphql.context import bearer
from domain.actors import StaffActor
from domain.people import invented, staff_sessions
from domain.permissions import Permission
from infra.database import reading
from infra.settings import settings
from infra.words import N_
from ml.watching import watch

COOKIE = "longan_console"
SIGN_IN = "/console/sign-in"

Handler = Callable[[Request, "StaffVisit"], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class StaffVisit:
    """Who asks for a page, and the token of the session that their browser holds."""

    actor: StaffActor
    token: str

    @property
    def form_token(self) -> str:
        return form_token(self.token)

    def may(self, permission: str) -> bool:
        return self.actor.may(Permission(permission))


def requires(permission: Permission) -> Callable[[Handler], Endpoint]:
    """Let those in who have signed in and may; POST takes only a form that this visit was shown."""

    def wrap(handler: Handler) -> Endpoint:
        @wraps(handler)
        async def endpoint(request: Request) -> Response:
            visit = await visit_of(request)
            if visit is None:
                return to_sign_in(request)
            request.state.visit = visit
            request.state.simulated, request.state.invented = await is_simulated(), await invented_people()
            if not visit.may(permission):
                return page(request, "refused.html", 403, why=N_("Your role does not give access to this page."))
            if request.method == "POST" and not is_own_form(await request.form(), visit.token):
                return page(
                    request, "refused.html", 403, why=N_("This form is no longer valid. Please open the page again.")
                )
            return await handler(request, visit)

        return asks(permission)(endpoint)

    return wrap


async def visit_of(request: Request) -> StaffVisit | None:
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    found = await staff_sessions.find_member(token)
    return StaffVisit(found.actor, token) if found else None


def name_of(request: HTTPConnection) -> str | None:
    """Whose token is shown, in a header or by a browser, though it may be over; None where we never made it."""
    token = bearer(request.headers.get("authorization")) or request.cookies.get(COOKIE) or ""
    staff_id = staff_sessions.owner_of(token)
    return f"staff:{staff_id}" if staff_id else None


async def is_simulated() -> bool:
    async with reading() as db:
        live = await watch.champion(db)
    return live is not None and live.simulated


async def invented_people() -> invented.PastStanding | None:
    async with reading() as db:
        return await invented.standing(db)


def to_sign_in(request: Request) -> Response:
    if request.headers.get("hx-request") == "true":
        return Response(status_code=204, headers={"HX-Redirect": SIGN_IN})
    after = f"?next={quote(request.url.path)}" if request.method == "GET" and request.url.path != "/console" else ""
    return RedirectResponse(f"{SIGN_IN}{after}", 303, headers={"Cache-Control": "no-store"})


def set_cookie(response: Response, name: str, value: str, lasts: timedelta | None = None) -> None:
    """A cookie for these pages alone, gone with the browser where nobody says how long it lasts; no script reads it and no
    other site sends it.
    """
    is_https = settings().public_url.startswith("https://")
    seconds = int(lasts.total_seconds()) if lasts else None
    response.set_cookie(
        name, value, max_age=seconds, path="/console", httponly=True, samesite="strict", secure=is_https
    )


def drop(response: Response, name: str) -> None:
    response.delete_cookie(name, path="/console", httponly=True, samesite="strict")
