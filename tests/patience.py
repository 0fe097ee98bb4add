"""How long tests wait for what must come: so long that only a fault takes longer, whatever else the machine does."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

SECONDS_MAX = 240.0
_LOOK_AGAIN_SECONDS = 0.02


async def until(is_so: Callable[[], bool | Awaitable[bool]], what: str = "it never became so") -> None:
    """Wait for what another task or process does. Fails with `what` where it never comes."""
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        answer = is_so()
        if (await answer) if inspect.isawaitable(answer) else answer:
            return
        assert time.monotonic() < deadline, what
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)


def wait_until(is_so: Callable[[], bool], what: str = "it never became so") -> None:
    """As `until`, where nothing else goes on in this thread."""
    deadline = time.monotonic() + SECONDS_MAX
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(_LOOK_AGAIN_SECONDS)
