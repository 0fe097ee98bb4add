"""Answers: whole responses by who asked and what, up to a number of bytes. They never leave the process."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from weakref import WeakSet

from starlette.types import Message

BIGGEST = 256_000
SECONDS = 3_600.0  # by far less than revisions are kept
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class KeptAnswer:
    """`made_from` and the time between `made_at` and `until` are when it is right. `charge` is due each time."""

    headers: Headers
    body: bytes
    charge: int
    made_from: Hashable
    made_at: datetime
    until: datetime | None
    kept_at: float = field(default_factory=monotonic)

    def is_right(self, made_from: Hashable, now: datetime) -> bool:
        is_fresh = self.made_at <= now and (self.until is None or now < self.until)
        return is_fresh and self.made_from == made_from and monotonic() - self.kept_at < SECONDS

    @property
    def messages(self) -> tuple[Message, Message]:
        start = {"type": "http.response.start", "status": 200, "headers": list(self.headers)}
        return start, {"type": "http.response.body", "body": self.body}


def forget() -> None:
    """Make every answer anew when it is asked for next."""
    for each in _all:
        each.clear()


_all: WeakSet["KeptAnswers"] = WeakSet()


class KeptAnswers:
    """The answers that were asked for last, up to `most` bytes in all with what asked for them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[KeptAnswer, int]] = OrderedDict()
        self.bytes = 0
        _all.add(self)

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Hashable) -> KeptAnswer | None:
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def keep(self, key: Hashable, answer: KeptAnswer, size: int) -> None:
        self.forget(key)
        if size > min(BIGGEST, self._most):
            return
        self._kept[key] = answer, size
        self.bytes += size
        while self.bytes > self._most:
            self.forget(next(iter(self._kept)))

    def forget(self, key: Hashable) -> None:
        _, size = self._kept.pop(key, (None, 0))
        self.bytes -= size

    def clear(self) -> None:
        self._kept.clear()
        self.bytes = 0
