"""What is asked for once and then kept for a while, in this process."""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")
ENTRIES_MAX = 100


class Cache(Generic[T]):
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._entries: dict[str, tuple[float, T]] = {}

    async def get(self, key: str, ask: Callable[[], Awaitable[T]], younger_than: float | None = None) -> T:
        """What was kept under the key, if young enough, else asked for anew. A failure is not kept."""
        age_max = self._seconds if younger_than is None else younger_than
        entry = self._entries.get(key)
        if entry and time.monotonic() - entry[0] < age_max:
            return entry[1]
        value = await ask()
        if len(self._entries) >= ENTRIES_MAX:
            self._entries.clear()
        self._entries[key] = (time.monotonic(), value)
        return value
