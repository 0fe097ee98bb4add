"""Turns: a network has so many requests answered at a time in this process; more of them wait, and others do not.

Whoever has signed in never waits behind others of their network: they have turns of their own.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.addresses import client_address
from api.graphql.errors import RateLimited
from infra import limiter
from infra.background import end
from infra.networks import shares_of
from infra.settings import settings

# Answers whose a token is, by what it carries alone: it may be over. None for one that we did not make, and where there is none.
NameOf = Callable[[HTTPConnection], str | None]

HELD_BYTES_MAX = 10_000_000  # of requests that wait in one line
_lines: dict[str, asyncio.Semaphore] = {}
_standing: Counter[str] = Counter()
_held: Counter[str] = Counter()
_bursts = limiter.Bursts()


@asynccontextmanager
async def turn(name: str, at_once: int) -> AsyncIterator[None]:
    """Wait for a turn; turns come in the order of arrival."""
    line = _lines.setdefault(name, asyncio.Semaphore(at_once))
    _standing[name] += 1
    try:
        async with line:
            yield
    finally:
        _standing[name] -= 1
        if not _standing[name]:
            del _standing[name], _lines[name]


def is_free(name: str) -> bool:
    line = _lines.get(name)
    return line is None or not line.locked()


class Turns:
    """Before the doors, by the beginnings of their paths. What compares `secrets` takes long, and has a line of its own.
    Those that `weigh` draw out by themselves what asks much of them; at the others a visitor's burst of requests takes its time.

    A turn is for working out an answer: it begins when the whole request is there, and ends when the answer begins, so that
    nobody keeps one by sending or reading slowly.
    """

    def __init__(
        self, app: ASGIApp, doors: Mapping[str, NameOf], secrets: frozenset[str], weigh: frozenset[str] = frozenset()
    ) -> None:
        self.app = app
        self.doors = doors
        self.secrets = secrets
        self.weigh = weigh

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        door = self._door_of(scope)
        if door is None:
            await self.app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        name = self.doors[door](request)
        lines = self._lines_of(request, name)
        async with AsyncExitStack() as turns:
            arrived = await _arrived(receive, turns.enter_context(_holding(lines[-1][0])))

            async def received() -> Message:
                first = arrived.popleft() if arrived else await receive()
                if isinstance(first, HTTPException):
                    raise first
                return first

            async def sent(message: Message) -> None:
                await turns.aclose()
                await send(message)

            if not isinstance(arrived[-1], HTTPException):
                for line, at_once in lines:
                    if is_free(line):
                        await turns.enter_async_context(turn(line, at_once))
                    else:
                        await _enter(turns, line, at_once, receive)
                if name is None and door not in self.weigh:
                    await _draw_out(shares_of(client_address(scope)))
            await self.app(scope, received, sent)

    def _door_of(self, scope: Scope) -> str | None:
        if scope["type"] != "http":
            return None
        path: str = scope["path"]
        return next((door for door in self.doors if path.startswith(door)), None)

    def _lines_of(self, request: HTTPConnection, name: str | None) -> list[tuple[str, int]]:
        limits = settings().request_limits
        if name is not None:
            return [(name, limits.at_once_per_person)]
        is_secret = request.scope["method"] == "POST" and request.scope["path"] in self.secrets
        suffix = " secrets" if is_secret else ""
        networks = shares_of(client_address(request.scope))
        return [(f"{network}{suffix}", times * limits.at_once_per_address) for network, times in networks]


async def _draw_out(networks: Iterable[tuple[str, int]]) -> None:
    """Within a turn, so that no more than the turns wait here."""
    limits = settings().request_limits
    delays = [
        _bursts.delay(
            network,
            1,
            at_once=times * limits.visitor_requests_per_burst,
            per_second=times * limits.visitor_requests_per_minute / 60,
        )
        for network, times in networks
    ]
    if delay := max(delays):
        await asyncio.sleep(delay)


async def _enter(turns: AsyncExitStack, line: str, at_once: int, receive: Receive) -> None:
    """Raises ClientDisconnect where a client has gone before its turn came: nobody waits behind one who is not there."""
    entering = asyncio.create_task(turns.enter_async_context(turn(line, at_once)))
    leaving = asyncio.create_task(_leave(receive))
    try:
        await asyncio.wait({entering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not entering.done():
            raise ClientDisconnect
    finally:
        await asyncio.gather(end(leaving), end(entering))


async def _leave(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@contextmanager
def _holding(line: str) -> Iterator[Callable[[int], None]]:
    """Counts the bytes that are kept here of those who stand in one line. Raises RateLimited where they are too many."""
    mine = 0

    def hold(more: int) -> None:
        nonlocal mine
        mine += more
        _held[line] += more
        if _held[line] > HELD_BYTES_MAX:
            raise RateLimited

    try:
        yield hold
    finally:
        _held[line] -= mine
        if not _held[line]:
            del _held[line]


async def _arrived(receive: Receive, hold: Callable[[int], None]) -> deque[Message | HTTPException]:
    """All that a client sends; last, what is to be said where that was too much."""
    messages, more = deque[Message | HTTPException](), True
    while more:
        try:
            message = await receive()
        except HTTPException as too_much:
            messages.append(too_much)
            break
        messages.append(message)
        hold(len(message.get("body", b"")))
        more = bool(message.get("more_body"))
    return messages
