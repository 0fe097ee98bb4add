"""Whatever a stranger sends, the house answers in its shapes, holds up nobody, forgets it, and never fails.

`LONGAN_STRANGERS=5000` sends so many; the same number sends the same.
"""

import asyncio
import os

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State
from websockets.typing import Subprotocol

from tests.api.fuzz.conftest import House
from tests.api.fuzz.frames import CODES, Talker
from tests.api.fuzz.holding import each, holding
from tests.api.fuzz.house import NUMBER
from tests.api.fuzz.requests import Answer, Stranger, why_not
from tests.patience import SECONDS_MAX

COUNT = int(os.environ.get("LONGAN_STRANGERS", "400"))
SEED = 20261128


async def test_requests(steady: House) -> None:
    numbered = list(enumerate(Stranger(SEED).requests(COUNT)))
    wrong = []

    async def ask(number: int) -> None:
        asked = numbered[number][1]
        raw = await steady.ask(asked.written(number))
        # Nothing at all is what the server says to what is no request.
        if raw and (reason := why_not(asked, Answer.of(raw))):
            wrong.append((reason, asked.written()[:2_000], raw[:1_000]))

    await each(ask, COUNT)
    assert wrong == [], wrong[:6]
    held = await holding(steady, ask)
    assert held == {}, {seconds: numbered[number][1].written()[:2_000] for number, seconds in held.items()}


async def test_frames(steady: House) -> None:
    conversations = list(Talker(SEED).conversations(COUNT))
    codes = set()

    async def talk(number: int) -> None:
        codes.add(await _close_code(steady, number, conversations[number]))

    await each(talk, len(conversations))
    assert codes <= CODES, codes
    held = await holding(steady, talk)
    assert held == {}, {seconds: str(conversations[number])[:2_000] for number, seconds in held.items()}


async def _close_code(house: House, number: int, frames: list[str | bytes]) -> int | None:
    uri = f"ws://127.0.0.1:{house.port}/graphql"
    protocols, headers = [Subprotocol("graphql-transport-ws")], {NUMBER: str(number)}
    async with connect(
        uri, subprotocols=protocols, close_timeout=SECONDS_MAX, max_size=None, additional_headers=headers
    ) as line:
        try:
            for frame in frames:
                await line.send(frame)
            await _hear_all(line)
        except ConnectionClosed:
            pass
        except AttributeError:
            # asyncio fails at aborting a transport that was lost while it still had something to write.
            if line.state is not State.CLOSED:
                raise
    return line.close_code


async def _hear_all(line: ClientConnection) -> None:
    """Until it has answered a ping that came last."""
    await line.send('{"type": "ping"}')
    async with asyncio.timeout(SECONDS_MAX):
        while '"pong"' not in str(await line.recv()):
            pass
