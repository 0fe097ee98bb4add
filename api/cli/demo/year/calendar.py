"""The calendar of a year: stories wait for days, and the clock of the house moves to the next one that somebody waits for."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import date, datetime, time, timedelta
from heapq import heappop, heappush
from typing import Any

import httpx2

from infra import clock

MORNING = time(10)  # by the product's clocks, when the day has passed through everybody's agreements
Morning = Callable[[], Awaitable[None]]


class YearCalendar:
    """`today` is the day by the running app's clock."""

    def __init__(self, http: httpx2.AsyncClient, morning: Morning) -> None:
        """`morning`: what is to be done on each day before a story goes on, as renewing tokens that ran out."""
        self._http, self._morning = http, morning
        self._waiting: list[tuple[date, int, asyncio.Event]] = []
        self._stopped = asyncio.Event()
        self._count = 0
        self.today = date.min

    async def read(self) -> datetime:
        """What time it is by the running app's clock."""
        now = datetime.fromisoformat((await self._http.get("/dev/clock")).raise_for_status().json()["now"])
        self.today = clock.local_day(now)
        return now

    async def until(self, day: date) -> None:
        """Wait for the morning of this day; a day that is here already is not waited for."""
        if day <= self.today:
            return
        come, self._count = asyncio.Event(), self._count + 1
        heappush(self._waiting, (day, self._count, come))
        self._stopped.set()
        await come.wait()

    async def run(self, *stories: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Let all of them go to their ends. What one raises ends the others."""
        tasks = list[asyncio.Task[None]]()
        try:
            for story in stories:
                tasks.append(asyncio.create_task(story()))
                await self._until_stopped(tasks)
            while self._waiting:
                await self._move_to(self._waiting[0][0])
                while self._waiting and self._waiting[0][0] <= self.today:
                    heappop(self._waiting)[2].set()
                    await self._until_stopped(tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _until_stopped(self, tasks: list[asyncio.Task[None]]) -> None:
        """Until the story that goes on waits for a day, or is over."""
        running = [task for task in tasks if not task.done()]
        stopped = asyncio.create_task(self._stopped.wait())
        await asyncio.wait([*running, stopped], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        self._stopped.clear()
        for task in running:
            if task.done():
                task.result()

    async def _move_to(self, day: date) -> None:
        until = clock.local_moment(day, MORNING) - await self.read()
        if until > timedelta(0):
            advance = {"advance": f"PT{until.total_seconds():.0f}S"}
            (await self._http.post("/dev/clock", json=advance)).raise_for_status()
        await self.read()
        await self._morning()
