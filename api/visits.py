"""Visits by browser, of our own staff at `/console` and of a partner's at `/partner`: who has signed in, what they may open, and
the proof that a form is their own.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Generic, TypeVar
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from api.asking import asks
from api.forms import form_token, is_own_form, keep_typed
from domain.actors import MemberActor, StaffActor
from domain.people.staff import Workplace
from domain.permissions import Permission
from infra.settings import settings
from infra.words import N_

A = TypeVar("A", StaffActor, MemberActor)
Endpoint = Callable[[Request], Awaitable[Response]]
NOT_YOURS = N_("Your role does not give access to this page.")
BODY_BYTES_MAX = 20_000
OLD_FORM = N_("This form is no longer valid. Please open the page again.")


def posted(path: str, endpoint: Endpoint) -> Route:
    """Where a form of a page is sent."""
    return Route(path, endpoint, methods=["POST"], max_body_size=BODY_BYTES_MAX)


@dataclass(frozen=True)
class PageVisit(Generic[A]):
    """Who asks for a page, and the token of the session that their browser holds."""

    actor: A
    token: str

    @property
    def form_token(self) -> str:
        return form_token(self.token)

    def may(self, permission: str) -> bool:
        return self.actor.may(Permission(permission))


@dataclass(frozen=True)
class SignedPages(Generic[A]):
    """Pages below one address, for those who work at one place. `find` knows whose a token is; `prepare` notes on a request what
    the frame of each page shows.
    """

    address: str
    cookie: str
    workplace: Workplace
    page: Callable[..., HTMLResponse]
    find: Callable[[str], Awaitable[A | None]]
    prepare: Callable[[Request], Awaitable[None]]

    @property
    def sign_in(self) -> str:
        return f"{self.address}/sign-in"

    def requires(
        self, permission: Permission
    ) -> Callable[[Callable[[Request, PageVisit[A]], Awaitable[Response]]], Endpoint]:
        """Let those in who have signed in and may; POST takes only a form that this visit was shown."""

        def wrap(handler: Callable[[Request, PageVisit[A]], Awaitable[Response]]) -> Endpoint:
            @wraps(handler)
            async def endpoint(request: Request) -> Response:
                visit = await self.visit_of(request)
                if visit is None:
                    return self.to_sign_in(request)
                request.state.visit = visit
                await self.prepare(request)
                if not visit.may(permission):
                    return self.page(request, "refused.html", 403, why=NOT_YOURS)
                if request.method == "POST":
                    if not is_own_form(form := await request.form(), visit.token):
                        return self.page(request, "refused.html", 403, why=OLD_FORM)
                    keep_typed(request, form)
                return await handler(request, visit)

            return asks(permission)(endpoint)

        return wrap

    async def visit_of(self, request: Request) -> PageVisit[A] | None:
        token = request.cookies.get(self.cookie)
        actor = await self.find(token) if token else None
        return PageVisit(actor, token) if actor and token else None

    def to_sign_in(self, request: Request) -> Response:
        if request.headers.get("hx-request") == "true":
            return Response(status_code=204, headers={"HX-Redirect": self.sign_in})
        path = request.url.path
        after = f"?next={quote(path)}" if request.method == "GET" and path != self.address else ""
        return RedirectResponse(f"{self.sign_in}{after}", 303, headers={"Cache-Control": "no-store"})

    def set_cookie(self, response: Response, name: str, value: str, lasts: timedelta | None = None) -> None:
        """A cookie for these pages alone, gone with the browser where nobody says how long it lasts; no script reads it and no
        other site sends it.
        """
        is_https = settings().public_url.startswith("https://")
        seconds = int(lasts.total_seconds()) if lasts else None
        response.set_cookie(
            name, value, max_age=seconds, path=self.address, httponly=True, samesite="strict", secure=is_https
        )

    def drop(self, response: Response, name: str) -> None:
        response.delete_cookie(name, path=self.address, httponly=True, samesite="strict")
