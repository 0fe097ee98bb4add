"""How the authorization server answers: JSON that nobody keeps, and errors in the words of RFC 6749."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.graphql.errors import REFUSED_SECONDS, PublicError
from api.oauth.requests import OAuthError

BODY_BYTES_MAX = 10_000
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

Answer = Callable[[Request], Awaitable[Mapping[str, Any]]]
Endpoint = Callable[[Request], Awaitable[Response]]


def answering(work: Answer, status: int = 200) -> Endpoint:
    """An endpoint that answers what `work` does, or the OAuthError that it raises."""

    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await work(request), status, headers=NO_STORE)
        except OAuthError as wrong:
            if wrong.status == 429:
                await asyncio.sleep(REFUSED_SECONDS)
            said = {"error": wrong.error, "error_description": wrong.description}
            return JSONResponse(said, wrong.status, headers={**NO_STORE, **wrong.headers})

    return endpoint


def failed(_: Request, error: PublicError) -> Response:
    kind = "temporarily_unavailable" if error.http_status in {429, 503} else "server_error"
    said = {"error": kind, "error_description": error.message}
    return JSONResponse(said, error.http_status, headers=NO_STORE)
