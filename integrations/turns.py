"""Turns: of two who are at one thing at once, the second waits a moment and finds what the first did."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from infra.errors import in_progress

LOOK_AGAIN_SECONDS = 0.1

T = TypeVar("T")


async def take_turn(begin: Callable[[], Awaitable[T]], busy: type[Exception], *, until: float) -> T:
    """What `begin` answers as soon as it does not raise `busy`; `until` is a time of `time.monotonic`. Refuses IN_PROGRESS."""
    while True:
        try:
            return await begin()
        except busy:
            if time.monotonic() >= until:
                raise in_progress() from None
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
