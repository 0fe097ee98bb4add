"""Slow hashes (argon2) in threads of their own, so few at a time that nothing else waits for them.

Whoever has shown the right secret from here before waits in a line of their own, which strangers cannot fill.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, Protocol, TypeVar

from infra.background import yield_to_others
from infra.networks import widest_of

T = TypeVar("T")
NICE = 5


class HashingFull(Exception):
    """Raised where as many wait as may, here or of this name. Trying again in a second is not too early."""


class RunInPlace(Protocol):
    def __call__(self, work: Callable[..., T], *arguments: Any) -> Awaitable[T]: ...


class Line:
    """A line in which so many may work or wait in this process, and so many of them by one name."""

    def __init__(self, threads: int, most: int, most_of_name: int) -> None:
        self.threads = threads
        self.most = most
        self.most_of_name = most_of_name
        self.inside: Counter[str] = Counter()
        self._threads: ThreadPoolExecutor | None = None

    @contextmanager
    def place(self, name: str) -> Iterator[RunInPlace]:
        """Held to the end of the block, which may run slow hashes with it. Raises HashingFull."""
        if self.inside.total() >= self.most or self.inside[name] >= self.most_of_name:
            raise HashingFull
        self.inside[name] += 1
        try:
            yield self._run
        finally:
            self.inside[name] -= 1
            if not self.inside[name]:
                del self.inside[name]

    async def _run(self, work: Callable[..., T], *arguments: Any) -> T:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(
                self.threads, thread_name_prefix="hashing", initializer=yield_to_others, initargs=(NICE,)
            )
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments))


strangers = Line(threads=2, most=32, most_of_name=12)
known = Line(threads=1, most=16, most_of_name=4)


def place_for(address: str, known_as: str | None = None) -> AbstractContextManager[RunInPlace]:
    """`known_as`: who has shown the right secret from here before. Raises HashingFull."""
    return known.place(known_as) if known_as else strangers.place(widest_of(address))
