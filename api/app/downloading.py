"""Downloading: what a person takes away, or hands in, by their token at an address of its own. No cache keeps any of it."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.app.authenticating import authenticate
from api.failing import plainly
from api.graphql.context import bearer
from api.graphql.errors import PublicError, Unauthenticated
from domain.actors import UserActor
from infra.ids import parse_global_id

NO_STORE = {"Cache-Control": "no-store", "Vary": "Authorization"}
Answer = Callable[[Request, UserActor], Awaitable[Response]]


def for_signed_in(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """A page for whoever shows a live session's token; without one, it is refused as everywhere."""

    async def page(request: Request) -> Response:
        try:
            token = bearer(request.headers.get("authorization"))
            if token is None:
                raise Unauthenticated
            return await answer(request, (await authenticate(token)).actor)
        except PublicError as error:
            return plainly(request, error)

    return page


def id_in_path(request: Request, name: str, kind: str) -> UUID | None:
    """The id that the address names; None where it is no id of this kind."""
    found, id = parse_global_id(request.path_params[name]) or ("", None)
    return id if found == kind else None
