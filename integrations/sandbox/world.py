"""What every dialect of the sandbox shares: where it lives, its seal, its clock, and the memory of spent codes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from integrations import beijing
from integrations.sandbox.sealing import SandboxSeal

CLOCK_TOLERANCE = timedelta(minutes=10)


class Memory(Protocol):
    async def first_use(self, mark: str, seconds: int) -> bool:
        """True once per mark, within so many seconds."""

    async def was_used(self, mark: str) -> bool:
        """Whether it was, within the seconds that were said."""


class OwnMemory:
    """A memory that ends with the process."""

    def __init__(self) -> None:
        self._marks: dict[str, float] = {}

    async def first_use(self, mark: str, seconds: int) -> bool:
        now = time.monotonic()
        self._marks = {kept: until for kept, until in self._marks.items() if until > now}
        if mark in self._marks:
            return False
        self._marks[mark] = now + seconds
        return True

    async def was_used(self, mark: str) -> bool:
        return self._marks.get(mark, 0) > time.monotonic()


@dataclass(frozen=True)
class SandboxWorld:
    """`base_url` is where the sandbox is mounted, without a slash at the end."""

    base_url: str
    seal: SandboxSeal
    memory: Memory = field(default_factory=OwnMemory)
    clock: Callable[[], float] = time.time

    @property
    def now(self) -> float:
        return self.clock()

    @property
    def today(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def is_now(self, text: str) -> bool:
        """Whether a time of Beijing is this one, as nearly as platforms that sign times want it."""
        try:
            return abs(beijing.read(text) - self.today) <= CLOCK_TOLERANCE
        except ValueError:
            return False
