"""Slow hashes (argon2) in threads of their own, so few at a time that nothing else waits for them."""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol, TypeVar

from infra.networks import widest_of

T = TypeVar("T")
THREADS = 2
INSIDE_MAX = 32  # at work or waiting, in this process
INSIDE_MAX_OF_NETWORK = 12
NICE = 5


class HashingFull(Exception):
    """Raised where as many wait as may, here or from this network. Trying again in a second is not too early."""


class Run(Protocol):
    def __call__(self, work: Callable[..., T], *arguments: Any) -> Awaitable[T]: ...


_threads: ThreadPoolExecutor | None = None
_inside: Counter[str] = Counter()


@contextmanager
def place_for(address: str) -> Iterator[Run]:
    """A place among those who wait, held to the end of the block, which may run slow hashes with it. Raises Full."""
    network = widest_of(address)
    if _inside.total() >= INSIDE_MAX or _inside[network] >= INSIDE_MAX_OF_NETWORK:
        raise HashingFull
    _inside[network] += 1
    try:
        yield _run
    finally:
        _inside[network] -= 1
        if not _inside[network]:
            del _inside[network]


async def _run(work: Callable[..., T], *arguments: Any) -> T:
    global _threads
    if _threads is None:
        _threads = ThreadPoolExecutor(THREADS, thread_name_prefix="hashing", initializer=_yield_to_others)
    return await asyncio.get_running_loop().run_in_executor(_threads, partial(work, *arguments))


def _yield_to_others() -> None:
    # Linux nices each thread by itself; elsewhere this would slow the whole process.
    if hasattr(os, "sched_getaffinity"):
        os.nice(NICE)
