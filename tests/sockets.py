"""A phone's WebSocket, speaking graphql-transport-ws."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from infra.settings import settings
from tests.patience import SECONDS_MAX
from tests.phones import Answer


class Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, **message: Any) -> None:
        await self.connection.send(orjson.dumps(message).decode())

    async def send(self, frame: str | bytes) -> None:
        """Any frame, also one that no client should send."""
        await self.connection.send(frame)

    async def error(self) -> tuple[str, str]:
        """The id and the code of the next message, which refuses an operation."""
        message = await self.hear()
        assert message["type"] == "error", message
        (error, *_) = message["payload"]
        return message["id"], error["extensions"]["code"]

    async def hear(self) -> Answer:
        async with asyncio.timeout(SECONDS_MAX):
            message: Answer = orjson.loads(await self.connection.recv())
        return message

    async def sign_in(self, token: str | None, **payload: str) -> None:
        told = payload | ({"authorization": f"Bearer {token}"} if token else {})
        await self.say(type="connection_init", payload=told)
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, query: str, variables: Answer | None = None, *, id: str = "1") -> None:
        await self.say(type="subscribe", id=id, payload={"query": query, "variables": variables or {}})

    async def next(self) -> Any:
        """The data of the next message, which is no error."""
        message = await self.hear()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def closed_with(self) -> int | None:
        """The code that the house closes the socket with; nothing is said before."""
        with suppress(ConnectionClosed):
            async with asyncio.timeout(SECONDS_MAX):
                said = await self.connection.recv()
            raise AssertionError(f"not closed, but said {said!r}")
        return self.connection.close_code


@asynccontextmanager
async def socket(*, protocol: str | None = "graphql-transport-ws", **headers: str) -> AsyncIterator[Socket]:
    url = settings().public_url.replace("http://", "ws://") + "/graphql"
    protocols = [Subprotocol(protocol)] if protocol else None
    async with connect(
        url, subprotocols=protocols, close_timeout=1, max_size=None, additional_headers=headers
    ) as connection:
        yield Socket(connection)
