"""A conversation over one WebSocket, by graphql-transport-ws. Every operation is asked by a session that lives at that moment."""

import asyncio
from collections.abc import Coroutine
from contextlib import ExitStack, aclosing, suppress
from datetime import timedelta
from typing import Any

import orjson
from graphql import OperationType
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.schema.base import BaseSchema
from strawberry.types import ExecutionResult

from api.graphql.admitting import admit, refusal_errors
from api.graphql.context import Context, bearer
from api.graphql.errors import PublicError, RateLimited, SessionEnded, Unauthenticated, Unavailable, failure
from api.graphql.examining import Mistaken
from api.graphql.messages import CloseCode, Closing, Message, read
from api.graphql.requests import request_of
from api.graphql.seats import NoSeat, seat
from domain.actors import UserActor
from infra import doorbell
from infra.settings import settings
from infra.words import preferred_locale

SIGNED_OUT = {Unauthenticated.code, SessionEnded.code}


class Conversation:
    """One socket from the accepted handshake to the close. What any of its tasks raises as Closing ends all of them."""

    def __init__(
        self,
        view: object,
        websocket: ASGIWebSocketAdapter,
        context: Context,
        root_value: None,
        schema: BaseSchema,
        connection_init_wait_timeout: timedelta,
        max_subscriptions_per_connection: int | None,
    ) -> None:
        self.socket: WebSocket = websocket.ws
        self.asker = context  # of the handshake; each operation has one of its own
        self.schema = schema
        self.init_seconds = connection_init_wait_timeout.total_seconds()
        self.operations_max = max_subscriptions_per_connection or 1
        self.is_acknowledged = False
        self.operations: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending: asyncio.Future[Closing] = asyncio.get_running_loop().create_future()
        self._seats = ExitStack()

    async def handle(self) -> None:
        try:
            self._take_seats_of_network("arriving")
            waiting = self._begin(self._close_without_init())
            hearing = self._begin(self._hear(waiting))
            either: set[asyncio.Future[Any]] = {hearing, self._ending}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        except Closing as closing:
            self._end(closing)
        finally:
            await self._leave()

    async def _leave(self) -> None:
        try:
            if self._ending.done():
                closing = self._ending.result()
                with suppress(RuntimeError, WebSocketDisconnect):
                    await self.socket.close(closing.code, closing.reason)
        finally:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._seats.close()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Closing as closing:
            self._end(closing)
        except WebSocketDisconnect:
            # Whoever listens for the client hears of it too.
            pass
        except Exception as error:
            failure(error)
            self._end(Closing(CloseCode.FAILED, "Internal server error"))

    def _end(self, closing: Closing) -> None:
        if not self._ending.done():
            self._ending.set_result(closing)

    def _take_seat(self, name: str, most: int) -> None:
        try:
            self._seats.enter_context(seat(f"socket:{name}", most))
        except NoSeat:
            raise Closing(CloseCode.TOO_MANY, "Too many sockets") from None

    def _take_seats_of_network(self, what: str) -> None:
        for network, times in self.asker.networks:
            self._take_seat(f"{what}:{network}", times * settings().socket_limits.per_address)

    async def _close_without_init(self) -> None:
        await asyncio.sleep(self.init_seconds)
        raise Closing(CloseCode.INIT_TIMEOUT, "Connection initialisation timeout")

    async def _hear(self, waiting: asyncio.Task[None]) -> None:
        while True:
            received = await self.socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            text = received.get("text")
            if text is not None and len(text) > self._bytes_max():
                raise Closing(CloseCode.TOO_BIG, "This message is too long")
            await self._answer(read(text), waiting)

    def _bytes_max(self) -> int:
        return settings().request_limits.body_bytes if self.asker.actor else settings().socket_limits.visitor_bytes

    async def _answer(self, message: Message, waiting: asyncio.Task[None]) -> None:
        match message.kind:
            case "connection_init":
                waiting.cancel()
                await self._sign_in(message.payload)
            case "ping":
                await self._say(type="pong")
            case "subscribe":
                self._subscribe(message)
            case "complete" if message.id in self.operations:
                self.operations.pop(message.id).cancel()

    async def _say(self, **message: object) -> None:
        if self._ending.done():
            return  # after the close nothing is said
        if self.socket.application_state is WebSocketState.DISCONNECTED:
            # What another task said did not get through: the client is gone.
            raise WebSocketDisconnect
        # Text, not bytes: a frame of bytes is one that no client reads.
        await self.socket.send_text(orjson.dumps(message).decode())

    async def _sign_in(self, payload: dict[str, Any]) -> None:
        if self.is_acknowledged:
            raise Closing(CloseCode.TOO_MANY, "Too many initialisation requests")
        header, locale = payload.get("authorization", payload.get("Authorization")), payload.get("locale")
        if not isinstance(header, str | None) or not isinstance(locale, str | None):
            raise Closing(CloseCode.BAD_REQUEST, "authorization and locale are strings")
        self.asker.locale = preferred_locale(locale) if locale else self.asker.locale
        await self._authenticate(self.asker, bearer(header))
        self._sit_down()
        if self.asker.actor is not None:
            self._begin(self._watch_session())
        self.is_acknowledged = True
        await self._say(type="connection_ack")

    def _sit_down(self) -> None:
        """Whoever has signed in has seats of their own, so that strangers of the same network cannot take them all."""
        with self._seats.pop_all():
            if self.asker.actor is None:
                self._take_seats_of_network("visiting")
            else:
                self._take_seat(self.asker.actor.name, settings().socket_limits.per_person)

    async def _authenticate(self, asker: Context, token: str | None) -> None:
        try:
            await asker.sign_in(token)
        except PublicError as error:
            raise Closing(CloseCode.UNAUTHORIZED, error.code) from None
        except Exception as error:
            raise Closing(CloseCode.TRY_AGAIN, failure(error).code) from None

    async def _watch_session(self) -> None:
        """Ends the socket soon after its session has ended, here or elsewhere. The bell only makes it sooner."""
        assert isinstance(self.asker.actor, UserActor)
        async with doorbell.waiting_for(self.asker.actor.user_id) as bell:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(settings().socket_limits.look_again_seconds):
                        await bell.wait()
                bell.clear()
                await self._authenticate(self.asker, self.asker.token)

    def _subscribe(self, message: Message) -> None:
        if not self.is_acknowledged:
            raise Closing(CloseCode.UNAUTHORIZED, "Unauthorized")
        if message.id in self.operations:
            raise Closing(CloseCode.ALREADY_EXISTS, f"Subscriber for {message.id} already exists")
        task = self._begin(self._operate(message, crowded=len(self.operations) >= self.operations_max))
        self.operations[message.id] = task
        task.add_done_callback(lambda _: self._forget(message.id, task))

    def _forget(self, id: str, task: asyncio.Task[None]) -> None:
        if self.operations.get(id) is task:
            del self.operations[id]

    async def _operate(self, message: Message, *, crowded: bool) -> None:
        asker = self.asker.for_operation()
        await self._authenticate(asker, self.asker.token)
        name = asker.actor.name if asker.actor else f"network:{asker.networks[0][0]}"
        try:
            if crowded:
                raise NoSeat
            with seat(f"operation:{name}", settings().socket_limits.subscriptions_per_person):
                await self._run(message, asker)
        except NoSeat:
            await self._refuse(message.id, RateLimited("Too many operations at the same time."), asker)
        except (PublicError, Mistaken) as error:
            await self._refuse(message.id, error, asker)
        except (Closing, WebSocketDisconnect):
            raise
        except Exception as error:
            await self._refuse(message.id, failure(error), asker)

    async def _refuse(self, id: str, error: PublicError | Mistaken, asker: Context) -> None:
        self.operations.pop(id, None)
        payload = [each.formatted for each in refusal_errors(error, asker.locale)]
        await self._say(type="error", id=id, payload=payload)

    async def _run(self, message: Message, asker: Context) -> None:
        asked = await request_of(message.payload)
        await admit(self.schema, asked, asker)
        results = await self.schema.stream(
            asked.query, variable_values=asked.variables, context_value=asker, operation_name=asked.operation_name
        )
        async with aclosing(results):
            async for result in results:
                assert isinstance(result, ExecutionResult)
                await self._log(message.id, result, asker)
        # An id may be used again once it was completed.
        self.operations.pop(message.id, None)
        await self._say(type="complete", id=message.id)
        if asker.token is not None:
            await self._authenticate(asker, asker.token)

    async def _log(self, id: str, result: ExecutionResult, asker: Context) -> None:
        codes = {str((error.extensions or {}).get("code")) for error in result.errors or ()}
        if asker.token is not None and (over := codes & SIGNED_OUT):
            # A client hears no more of a stream that ended; one whose socket ends signs in anew.
            raise Closing(CloseCode.UNAUTHORIZED, over.pop())
        if Unavailable.code in codes and _is_subscription(asker):
            raise Closing(CloseCode.TRY_AGAIN, Unavailable.code)
        payload: dict[str, object] = {"data": result.data}
        if result.errors:
            payload["errors"] = [error.formatted for error in result.errors]
        if result.extensions:
            payload["extensions"] = result.extensions
        await self._say(type="next", id=id, payload=payload)


def _is_subscription(asker: Context) -> bool:
    return asker.admitted is not None and asker.admitted.operation.node.operation is OperationType.SUBSCRIPTION
