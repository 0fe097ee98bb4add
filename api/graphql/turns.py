"""Turns: a network has so many requests answered at a time in this process; more of them wait, and others do not."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_lines: dict[str, asyncio.Semaphore] = {}
_standing: Counter[str] = Counter()


@asynccontextmanager
async def turn(name: str, at_once: int) -> AsyncIterator[None]:
    """In the order of their coming."""
    line = _lines.setdefault(name, asyncio.Semaphore(at_once))
    _standing[name] += 1
    try:
        async with line:
            yield
    finally:
        _standing[name] -= 1
        if not _standing[name]:
            del _standing[name], _lines[name]
