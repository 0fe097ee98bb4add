"""Work beside the requests: heavy work in a thread that leaves the processor to others, and tasks that surely end."""

import asyncio
import gc
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
NICE = 10
_thread: ThreadPoolExecutor | None = None


async def in_background(work: Callable[[], T]) -> T:
    """Run `work` at low priority, one at a time in each process."""
    global _thread
    if _thread is None:
        _thread = ThreadPoolExecutor(1, thread_name_prefix="background", initializer=yield_to_others, initargs=(NICE,))
    return await asyncio.get_running_loop().run_in_executor(_thread, work)


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing is looked through for cycles meanwhile: for short work that makes a great many objects, none of them in one."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


async def end(task: "asyncio.Task[Any]") -> None:
    """Cancel a task until it has ended: some libraries swallow a cancellation that comes while they connect."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=1)


def yield_to_others(nice: int) -> None:
    """Let this thread wait for others that have something to do, the more the higher `nice` is."""
    # Linux nices each thread by itself; elsewhere this would slow the whole process, and with it a person who waits.
    if hasattr(os, "sched_getaffinity"):
        os.nice(nice)
