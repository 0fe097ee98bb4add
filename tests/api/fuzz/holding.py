"""Doing many things, a few at a time, and finding those that hold the loop."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.api.fuzz.conftest import House

AT_ONCE = 4
HELD_SECONDS_MAX = 0.05


async def each(do: Callable[[int], Awaitable[None]], count: int) -> None:
    numbers = iter(range(count))

    async def some() -> None:
        for number in numbers:
            await do(number)

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


async def holding(house: House, again: Callable[[int], Awaitable[None]]) -> dict[int, float]:
    """Which of those that held the loop hold it each time, and for how long: what a busy machine makes slow is slow once."""
    suspects = [
        int(who) for seconds, who in (await house.watch())["slowest"] if seconds > HELD_SECONDS_MAX and who.isdigit()
    ]
    held = {}
    for number in suspects:
        times = []
        for _ in range(4):
            await again(number)
            seen = (await house.watch())["slowest"]
            times.append(max((seconds for seconds, who in seen if who == str(number)), default=0.0))
        if min(times) > HELD_SECONDS_MAX:
            held[number] = min(times)
    return held
