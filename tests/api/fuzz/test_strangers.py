"""Whatever a stranger sends, the house answers in its shapes, holds up nobody, forgets it, and never fails.

`LONGAN_STRANGERS=5000` sends so many; the same number sends the same.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.api.fuzz.conftest import House
from tests.api.fuzz.frames import CODES, Talker
from tests.api.fuzz.house import NUMBER
from tests.api.fuzz.requests import Answer, Stranger, why_not
from tests.patience import SECONDS_MAX

COUNT = int(os.environ.get("LONGAN_STRANGERS", "400"))
SEED = 20261128
AT_ONCE = 4
HELD_SECONDS_MAX = 0.05
GROWN_BYTES_MAX = 60_000_000  # what is remembered on purpose: documents, answers about the schema, counts


@pytest.fixture
async def steady(strangers: House) -> AsyncIterator[House]:
    """Nothing is left of what the test did."""
    for asked in Stranger(SEED - 1).requests(40):  # what the first of each kind loads stays loaded
        await strangers.ask(asked.written())
    before, mark = await strangers.watch(), strangers.log.stat().st_size
    yield strangers
    after = await _settled(strangers, before)
    assert after["resident"] - before["resident"] < GROWN_BYTES_MAX
    said = strangers.log.read_bytes()[mark:]
    assert b"Traceback" not in said
    assert b'"exception"' not in said, [line for line in said.splitlines() if b'"exception"' in line][:3]


async def _settled(house: House, before: dict[str, Any]) -> dict[str, Any]:
    """What is open is as much as it was."""
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            now: dict[str, Any] = await house.watch()
            is_closed = all(now[name] <= before[name] for name in ("tasks", "connections"))
            if is_closed and now["files"] <= before["files"] + 5:  # the pools of the database and of Valkey
                return now
            await asyncio.sleep(0.2)


async def test_requests(steady: House) -> None:
    numbered = list(enumerate(Stranger(SEED).requests(COUNT)))
    wrong = []

    async def ask(number: int) -> None:
        asked = numbered[number][1]
        raw = await steady.ask(asked.written(number))
        # Nothing at all is what the server says to what is no request.
        if raw and (reason := why_not(asked, Answer.of(raw))):
            wrong.append((reason, asked.written()[:2_000], raw[:1_000]))

    await _each(ask, COUNT)
    assert wrong == [], wrong[:6]
    held = await _holding(steady, ask)
    assert held == {}, {seconds: numbered[number][1].written()[:2_000] for number, seconds in held.items()}


async def test_frames(steady: House) -> None:
    conversations = list(Talker(SEED).conversations(COUNT))
    codes = set()

    async def talk(number: int) -> None:
        codes.add(await _close_code(steady, number, conversations[number]))

    await _each(talk, len(conversations))
    assert codes <= CODES, codes
    held = await _holding(steady, talk)
    assert held == {}, {seconds: str(conversations[number])[:2_000] for number, seconds in held.items()}


async def _each(do: Callable[[int], Awaitable[None]], count: int) -> None:
    numbers = iter(range(count))

    async def some() -> None:
        for number in numbers:
            await do(number)

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


async def _holding(house: House, again: Callable[[int], Awaitable[None]]) -> dict[int, float]:
    """Which of those that held the loop hold it each time, and for how long: what a busy machine makes slow is slow once."""
    suspects = [
        int(who) for seconds, who in (await house.watch())["slowest"] if seconds > HELD_SECONDS_MAX and who.isdigit()
    ]
    held = {}
    for number in suspects:
        times = []
        for _ in range(4):
            await again(number)
            seen = (await house.watch())["slowest"]
            times.append(max((seconds for seconds, who in seen if who == str(number)), default=0.0))
        if min(times) > HELD_SECONDS_MAX:
            held[number] = min(times)
    return held


async def _close_code(house: House, number: int, frames: list[str | bytes]) -> int | None:
    uri = f"ws://127.0.0.1:{house.port}/graphql"
    protocols, headers = [Subprotocol("graphql-transport-ws")], {NUMBER: str(number)}
    async with connect(uri, subprotocols=protocols, close_timeout=5, max_size=None, additional_headers=headers) as line:
        try:
            for frame in frames:
                await line.send(frame)
            await _hear_all(line)
        except ConnectionClosed:
            pass
    return line.close_code


async def _hear_all(line: ClientConnection) -> None:
    """Until it has answered a ping that came last."""
    await line.send('{"type": "ping"}')
    async with asyncio.timeout(SECONDS_MAX):
        while '"pong"' not in str(await line.recv()):
            pass
