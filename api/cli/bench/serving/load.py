"""Requests over connections that stay open, sent by one thread that does little else, so that it takes little from who answers."""

import select
import selectors
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle, islice

import orjson

PIECE = 1 << 18
PATIENCE_SECONDS = 60.0


class Wrong(Exception):
    """An answer that is none: what it said, to begin with."""


@dataclass(frozen=True)
class SentWindow:
    """What came of one window. Latencies are in milliseconds, in the order of the answers."""

    seconds: float
    latencies: list[float]
    answer_bytes: int  # of the mean answer, with its headers

    @property
    def answers(self) -> int:
        return len(self.latencies)

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds


def request(path: str, body: object, headers: Mapping[str, str]) -> bytes:
    written = orjson.dumps(body)
    told = {"Host": "localhost", "Content-Type": "application/json", "Content-Length": str(len(written))} | dict(
        headers
    )
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + written


class Caller:
    """One connection, with one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def is_closed(self) -> bool:
        """Whether the server has ended it. Only for one with no request under way: it is to be told of nothing else."""
        readable, _, _ = select.select([self.socket], [], [], 0)
        return bool(readable)

    def send(self, wanted: bytes) -> None:
        self.answer, self.whole, self.began = bytearray(), 0, time.perf_counter()
        self.socket.sendall(wanted)

    def receive(self) -> bool:
        """Whether all of the answer is there."""
        piece = self.socket.recv(PIECE)
        if not piece:
            raise Wrong("the connection was closed")
        self.answer += piece
        if not self.whole and (end := self.answer.find(b"\r\n\r\n")) >= 0:
            self.whole = end + 4 + _length(bytes(self.answer[:end]))
        return 0 < self.whole <= len(self.answer)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise Wrong(head.decode(errors="replace")[:300])


def send(
    port: int, requests: Iterable[bytes], *, at_once: int, contains: bytes, seconds: float | None = None
) -> SentWindow:
    """Send each request once; with `seconds`, one after the other, again and again, for so long.

    Raises `Wrong` for an answer that is not 200, tells of errors, or lacks what it should contain.
    """
    given = list(requests)
    with ExitStack() as open_ones, selectors.DefaultSelector() as waiting:
        callers = (
            [Caller(port) for _ in islice(given, at_once)]
            if seconds is None
            else [Caller(port) for _ in range(at_once)]
        )
        for caller in callers:
            open_ones.callback(caller.socket.close)
            waiting.register(caller.socket, selectors.EVENT_READ, caller)
        return _drive(waiting, callers, iter(given) if seconds is None else cycle(given), contains, seconds)


def _drive(
    waiting: selectors.BaseSelector, callers: list[Caller], due: Iterator[bytes], contains: bytes, seconds: float | None
) -> SentWindow:
    latencies: list[float] = []
    began = time.perf_counter()
    ends = began + seconds if seconds is not None else float("inf")
    for caller in callers:
        caller.send(next(due))
    under_way, size = len(callers), 0
    while under_way:
        ready = waiting.select(PATIENCE_SECONDS)
        if not ready:
            raise Wrong("no answer came")
        for key, _ in ready:
            caller = key.data
            if not caller.receive():
                continue
            now = time.perf_counter()
            latencies.append((now - caller.began) * 1e3)
            size += _check(caller.answer, contains)
            following = next(due, None) if now < ends else None
            if following is None:
                under_way -= 1
                waiting.unregister(caller.socket)  # who is done may be hung up on
            else:
                caller.send(following)
    return SentWindow(time.perf_counter() - began, latencies, size // len(latencies))


def _check(answer: bytearray, contains: bytes) -> int:
    if not answer.startswith(b"HTTP/1.1 200") or b'"errors"' in answer or contains not in answer:
        raise Wrong(answer.decode(errors="replace")[:600])
    return len(answer)
