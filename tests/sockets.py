"""A phone's WebSocket, speaking graphql-transport-ws."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from infra.settings import settings
from tests.phones import Answer

SECONDS_MAX = 10


class Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, **message: Any) -> None:
        await self.connection.send(orjson.dumps(message).decode())

    async def hear(self) -> Answer:
        message: Answer = orjson.loads(await asyncio.wait_for(self.connection.recv(), SECONDS_MAX))
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
        """The code that the house closes the socket with."""
        await asyncio.wait_for(self.connection.wait_closed(), SECONDS_MAX)
        return self.connection.close_code


@asynccontextmanager
async def socket() -> AsyncIterator[Socket]:
    url = settings().public_url.replace("http://", "ws://") + "/graphql"
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], close_timeout=1) as connection:
        yield Socket(connection)
