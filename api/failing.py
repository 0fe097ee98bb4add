"""What failed on our side, told in the shape of the place where it was asked; GraphQL's doors tell their own of what comes to them."""

from collections.abc import Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.graphql.errors import PublicError, failure, formatted
from infra.telemetry import request_id

Teller = Callable[[Request, PublicError], Response]


class Failing:
    """`tellers` by the beginning of a path, of which the first that fits tells."""

    def __init__(self, app: ASGIApp, tellers: Mapping[str, Teller]) -> None:
        self.app = app
        self.tellers = tellers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except (HTTPException, ClientDisconnect):
            raise
        except Exception as error:
            if has_begun:
                raise
            told = error if isinstance(error, PublicError) else failure(error)
            await self._log(Request(scope, receive), told)(scope, receive, send)

    def _log(self, request: Request, error: PublicError) -> Response:
        path: str = request.scope["path"]
        tell = next((teller for beginning, teller in self.tellers.items() if path.startswith(beginning)), plainly)
        return tell(request, error)


def by_graphql(_: Request, error: PublicError) -> Response:
    return JSONResponse(formatted(error), error.http_status, headers={"Cache-Control": "no-store"})


def plainly(_: Request, error: PublicError) -> Response:
    said = {"code": error.code, "message": error.message, "requestId": request_id.get()}
    return JSONResponse({"error": said}, error.http_status, headers={"Cache-Control": "no-store"})
