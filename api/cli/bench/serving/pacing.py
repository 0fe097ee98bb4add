"""Requests at a steady pace, whatever the answers take: each waits from the moment at which it was due, also behind a slow one."""

import selectors
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from api.cli.bench.serving.load import PATIENCE_SECONDS, Caller, Wrong

Answers = Mapping[str, list[float]]  # milliseconds, by the name of what was asked


@dataclass(order=True, frozen=True)
class DueRequest:
    """`at`: seconds from the beginning. `contains`: what its answer has."""

    at: float
    name: str = field(compare=False)
    wanted: bytes = field(compare=False)
    contains: bytes = field(compare=False)


def evenly(name: str, requests: Iterable[bytes], per_second: float, contains: bytes) -> list[DueRequest]:
    """One after the other, so many a second."""
    return [DueRequest(place / per_second, name, each, contains) for place, each in enumerate(requests)]


def send(port: int, requests: Iterable[DueRequest]) -> dict[str, list[float]]:
    """Send each when it is due, over as many connections as that takes. Raises `Wrong` for an answer that is none."""
    due = sorted(requests, reverse=True)
    took: dict[str, list[float]] = {each.name: [] for each in due}
    free: list[Caller] = []
    under_way = 0
    with ExitStack() as open_ones, selectors.DefaultSelector() as waiting:
        began = time.perf_counter()
        while due or under_way:
            now = time.perf_counter() - began
            while due and due[-1].at <= now:
                each = due.pop()
                caller = _free(free) or _opened(port, open_ones)
                caller.send(each.wanted)
                waiting.register(caller.socket, selectors.EVENT_READ, (caller, each))
                under_way += 1
            patience = min(PATIENCE_SECONDS, max(0.0, due[-1].at - now)) if due else PATIENCE_SECONDS
            for key, _ in waiting.select(patience):
                caller, each = key.data
                if caller.receive():
                    took[each.name].append((time.perf_counter() - began - each.at) * 1e3)
                    _check(caller, each)
                    waiting.unregister(caller.socket)
                    free.append(caller)
                    under_way -= 1
    return took


def _free(free: list[Caller]) -> Caller | None:
    """The one that was used last, unless the server has closed it: what it opened for a burst, nobody asks again for long."""
    while free:
        caller = free.pop()
        if not caller.is_closed():
            return caller
    return None


def _opened(port: int, open_ones: ExitStack) -> Caller:
    caller = Caller(port)
    open_ones.callback(_close, caller.socket)
    return caller


def _close(connection: socket.socket) -> None:
    connection.close()


def _check(caller: Caller, each: DueRequest) -> None:
    answer = bytes(caller.answer)
    if not answer.startswith(b"HTTP/1.1 200") or b'"errors"' in answer or each.contains not in answer:
        raise Wrong(f"{each.name}: {answer[:600].decode(errors='replace')}")
