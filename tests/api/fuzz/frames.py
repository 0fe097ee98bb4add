"""Conversations that no client would hold, by one seed: messages of graphql-transport-ws in any order, and what is none."""

from collections.abc import Iterator
from random import Random
from typing import Any

from tests.api.fuzz.requests import Stranger, dumped

KINDS = [
    "connection_init",
    "ping",
    "pong",
    "subscribe",
    "complete",
    "next",
    "error",
    "connection_ack",
    "",
    "x",
    None,
    1,
]
ODD: list[str | bytes] = [
    b"",
    b"{}",
    b"\xff" * 50_000,
    "",
    "{",
    "null",
    "[]",
    "1",
    "[" * 60_000,
    " " * 64_001,
    "\0",
]
CODES = {1000, 1002, 1003, 1007, 1009, 4400, 4401, 4408, 4409, 4429}  # that a socket may be closed with by us


class Talker:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.stranger = Stranger(seed)

    def conversations(self, frames: int) -> Iterator[list[str | bytes]]:
        while frames > 0:
            said = [self.frame() for _ in range(self.random.choice([1, 2, 5, 12]))]
            if self.random.random() < 0.8:
                said.insert(0, _text({"type": "connection_init"}))
            frames -= len(said)
            yield said

    def frame(self) -> str | bytes:
        if self.random.random() < 0.6:
            id = self.random.choice(["1", "2", "3", "x" * 128, "é"])
            return _text({"type": "subscribe", "id": id, "payload": self._request()})
        if self.random.random() < 0.2:
            return self.random.choice(ODD)
        message: dict[str, Any] = {"type": self.random.choice(KINDS)}
        if self.random.random() < 0.6:
            message["id"] = self.random.choice(["1", "2", "", "x" * 129, None, 1, [], "\0"])
        if self.random.random() < 0.4:
            message["payload"] = self.stranger.anything(3)
        if self.random.random() < 0.2:
            message["payload"] = {self.random.choice(["authorization", "locale", "x"]): self.stranger.anything(1)}
        return _text(message)

    def _request(self) -> Any:
        return self.stranger.request_of(self.stranger.writers["/graphql"].document())


def _text(message: Any) -> str:
    return dumped(message).decode("utf-8", "replace")
