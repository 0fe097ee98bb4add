"""Requests of one client in windows of a few seconds: how long each takes, alone and beside others who are kept busy."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from httpx2 import AsyncClient

WINDOW_SECONDS, PAUSE_SECONDS, SETTLE_SECONDS = 3.0, 0.02, 0.5


async def waits(http: "AsyncClient", path: str, query: str) -> list[float]:
    """Milliseconds of each request of a window, one after the other."""
    took: list[float] = []
    ends = time.perf_counter() + WINDOW_SECONDS
    while time.perf_counter() < ends:
        began = time.perf_counter()
        answer = await http.post(path, json={"query": query})
        took.append((time.perf_counter() - began) * 1000)
        assert "errors" not in answer.json(), answer.text
        await asyncio.sleep(PAUSE_SECONDS)
    return took


@asynccontextmanager
async def beside(send: Callable[[], Awaitable[int]], at_once: int, sent: dict[int, int]) -> AsyncIterator[None]:
    """While `send` is called again and again, so many times at once; `sent` counts the statuses that it answers."""
    from infra.background import end

    async def keep_sending() -> None:
        while True:
            status = await send()
            sent[status] = sent.get(status, 0) + 1

    tasks = [asyncio.create_task(keep_sending()) for _ in range(at_once)]
    await asyncio.sleep(SETTLE_SECONDS)
    try:
        yield
    finally:
        for task in tasks:
            await end(task)
