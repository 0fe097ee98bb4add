"""GraphQL over HTTP, as its specification says; `sockets` speaks graphql-transport-ws behind the same door."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, cast

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from graphql import GraphQLError, OperationType
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.schema.base import BaseSchema
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult

from api import compressing
from api.addresses import client_address
from api.graphql import secrets
from api.graphql.admitting import admit, refusal_errors
from api.graphql.context import Authenticate, Context, bearer
from api.graphql.errors import (
    BadRequest,
    NotMethod,
    PublicError,
    Unauthenticated,
    UnknownDocument,
    failure,
    formatted,
)
from api.graphql.examining import Mistaken
from api.graphql.kept.keeping import BEGAN, VERDICT, AnswerVerdict, is_named
from api.graphql.requests import GraphQLRequest, json_of, request_of
from api.graphql.sockets import Conversation
from infra import lasting
from infra.settings import settings
from infra.words import preferred_locale

Page = Callable[[Request], Response]

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"


class Door(GraphQL[Context, None]):
    """One audience's endpoint. GET and sockets are the public one's alone: elsewhere variables carry tokens."""

    # Of the library's handler only `handle` is called.
    graphql_transport_ws_handler_class = Conversation  # type: ignore[assignment]

    def __init__(
        self, schema: BaseSchema, authenticate: Authenticate, *, is_public: bool = False, ide: Page | None = None
    ) -> None:
        super().__init__(
            schema,
            graphql_ide="graphiql" if ide else None,
            allow_queries_via_get=is_public,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL] if is_public else [],
            connection_init_wait_timeout=timedelta(seconds=settings().socket_limits.init_seconds),
            max_subscriptions_per_connection=settings().socket_limits.subscriptions_per_socket,
            allowed_origins=settings().allowed_origins,
        )
        self.authenticate = authenticate
        self.ide = ide
        self.is_public = is_public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self.run(WebSocket(scope, receive, send))
            return
        request = Request(scope, receive)
        response = await self._answer(request)
        if request.method != "GET" or not self.is_public:
            response.headers["Cache-Control"] = "no-store"
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            await request.body()  # one that is too long is refused as that, whoever sent it
            return cast(Response, await self.run(request))
        except PublicError as error:
            return self._refused(request, error)
        except HTTPException as error:
            # A mutation by GET is well said, and by the wrong method.
            is_misplaced = request.method == "GET" and isinstance(error.__cause__, InvalidOperationTypeError)
            return self._refused(request, BadRequest(error.reason), 405 if is_misplaced else error.status_code)
        except (StarletteHTTPException, ClientDisconnect):
            raise
        except Exception as error:
            return self._refused(request, failure(error))

    def _refused(self, request: Request, error: PublicError, status: int | None = None) -> Response:
        response = _answer(request, formatted(error), status or error.http_status)
        if response.status_code == 405:
            response.headers["Allow"] = "GET, POST" if self.is_public and request.method != "GET" else "POST"
        if isinstance(error, UnknownDocument):
            response.headers["Cache-Control"] = "no-store"
        return _challenged(request, response)

    def should_render_graphql_ide(self, request: Any) -> bool:
        wants_page = "text/html" in request.headers.get("accept", "")
        return self.graphql_ide is not None and wants_page and super().should_render_graphql_ide(request)

    async def render_graphql_ide(self, request: Request) -> Response:
        assert self.ide, "asked only where there is one"
        return self.ide(request)

    def is_request_allowed(self, request: Any) -> bool:
        if request.method == "POST" or (request.method == "GET" and self.is_public):
            return True
        raise NotMethod

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        context = Context(
            locale=preferred_locale(request.headers.get("accept-language")),
            ip=client_address(request.scope),
            authenticate=self.authenticate,
            began=request.scope.get(BEGAN),
        )
        if isinstance(request, Request):
            await self._sign_in(context, request)
        return context

    async def _sign_in(self, context: Context, request: Request) -> None:
        try:
            await context.sign_in(bearer(request.headers.get("authorization")))
        except PublicError as error:
            if not self.is_public:
                raise
            context.turned_away = error
        if context.actor is None and not self.is_public:
            raise Unauthenticated

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequest:
        if request.method == "GET":
            data: Any = dict(request.query_params)
            for name in ("variables", "extensions"):
                data[name] = json_of(data[name]) if data.get(name) else None
            return await request_of(data, by_get=True)
        if (request.content_type or "").split(";")[0].strip().lower() != JSON:
            raise HTTPException(415, "Send application/json.")
        return await request_of(json_of(await request.get_body()))

    async def execute_single(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        request: Request = kwargs["request"]
        result = await self._executed(*args, **kwargs)
        request.state.is_request_error = result.data is None and all(not error.path for error in result.errors or ())
        request.state.http_status = _status(result.errors or [])
        return result

    async def _executed(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        asked, asker = kwargs["request_data"], kwargs["context"]
        try:
            admitted = await admit(self.schema, asked, asker)
        except (PublicError, Mistaken) as error:
            return ExecutionResult(None, refusal_errors(error, asker.locale))
        is_open = secrets.are_none(admitted.operation.node, asked.query or "")
        if is_open:
            compressing.allow(kwargs["request"].scope)
        is_query = admitted.operation.node.operation is OperationType.QUERY
        with lasting.watched(asker.begin_query() if is_query else None) as made:
            result = await super().execute_single(*args, **kwargs)
        if is_query and is_open and not result.errors:
            kwargs["request"].scope[VERDICT] = AnswerVerdict(made, admitted.charge)
        return result

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        told: dict[str, Any] = {}
        if result.errors:
            told["errors"] = [error.formatted for error in result.errors]
        if not request.state.is_request_error:
            told["data"] = result.data
        if result.extensions:
            told["extensions"] = result.extensions
        request.state.told = told
        return cast(GraphQLHTTPResponse, told)

    def create_response(self, *_: Any, **__: Any) -> Response:
        """None is written here, where it is not known what the client accepts: `run` writes it."""
        return Response()

    async def run(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        response = await super().run(request, *args, **kwargs)
        if not isinstance(request, Request) or not hasattr(request.state, "told"):
            return response
        answer = _answer(request, request.state.told, self._status_of(request))
        return self._tagged(request, _challenged(request, answer))

    def _status_of(self, request: Request) -> int:
        if request.state.http_status is not None:
            return int(request.state.http_status)
        # The older media type says 200 to everything that is well-formed JSON.
        return 400 if request.state.is_request_error and _media_type(request) == GRAPHQL_JSON else 200

    def _tagged(self, request: Request, response: Response) -> Response:
        """A GET may be kept by its own client, and asked for again by its tag."""
        if request.method != "GET" or response.status_code != 200:
            return response
        tag = f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
        response.headers["ETag"] = tag
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Vary"] = "Authorization, Accept, Accept-Language"
        if is_named(tag, ",".join(request.headers.getlist("if-none-match"))):
            kept = {name: response.headers[name] for name in ("etag", "cache-control", "vary")}
            return Response(status_code=304, headers=kept)
        return response


def _status(errors: list[GraphQLError]) -> int | None:
    """The HTTP status that an error asks for by itself: one who must sign in, or who asks too often."""
    statuses = {"UNAUTHENTICATED": 401, "SESSION_ENDED": 401, "RATE_LIMITED": 429, "UNAVAILABLE": 503}
    found = [statuses.get(str((error.extensions or {}).get("code"))) for error in errors if not error.path]
    return next((status for status in found if status is not None), None)


def _challenged(request: Request, response: Response) -> Response:
    """As RFC 6750, section 3: whoever showed no token at all hears of no error."""
    if response.status_code == 401:
        why = ', error="invalid_token"' if request.headers.get("authorization") else ""
        response.headers["WWW-Authenticate"] = f'Bearer realm="longan"{why}'
    return response


def _media_type(request: Request) -> str:
    accepted = request.headers.get("accept", "")
    kinds = [part.split(";")[0].strip().lower() for part in accepted.split(",")]
    return next((kind for kind in kinds if kind in {GRAPHQL_JSON, JSON}), JSON)


def _answer(request: Request, body: Mapping[str, object], status: int) -> Response:
    return Response(orjson.dumps(body), status, media_type=f"{_media_type(request)}; charset=utf-8")
