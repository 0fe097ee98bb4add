"""One subscription over graphql-transport-ws, as the app holds it open."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from api.cli.demo.doors import Data, RefusedAtDoor, documents

PROTOCOL = "graphql-transport-ws"
SECONDS_MAX = 10.0


class Listener:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def next(self, seconds: float = SECONDS_MAX) -> Any:
        """What is told next; None where nothing was in that time."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    message = await self._read()
                    if message["type"] == "next":
                        return read_payload(message["payload"])
        except TimeoutError:
            return None

    async def _read(self) -> Data:
        message: Data = json.loads(await self.socket.recv())
        match message["type"]:
            case "ping":
                await self.socket.send('{"type": "pong"}')
            case "error":
                raise RefusedAtDoor("SUBSCRIPTION", message["payload"][0]["message"])
            case "complete":
                raise RefusedAtDoor("SUBSCRIPTION", "The subscription ended by itself.")
        return message


def read_payload(payload: Data) -> Any:
    for error in payload.get("errors", ()):
        raise RefusedAtDoor("SUBSCRIPTION", error["message"])
    (field,) = payload["data"].values()
    return field


@asynccontextmanager
async def listening(address: str, token: str, locale: str, operation: str, **variables: Any) -> AsyncIterator[Listener]:
    """Within, the subscription is open and has told the present state."""
    place = address.replace("http", "ws", 1) + "/graphql"
    subscribe = {"query": documents()[operation], "operationName": operation, "variables": variables}
    async with connect(place, subprotocols=[PROTOCOL], open_timeout=SECONDS_MAX, proxy=None) as socket:  # type: ignore[list-item]
        await say(socket, type="connection_init", payload={"authorization": f"Bearer {token}", "locale": locale})
        listener = Listener(socket)
        await listener._read()
        await say(socket, type="subscribe", id="1", payload=subscribe)
        await listener.next()
        yield listener


async def say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))
