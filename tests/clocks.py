"""The house's clock in a test's hands."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy import text

from infra import clock
from infra.database import reading, transaction


class Lasting:
    """So many seconds, and as many more as the machine has taken since the test began; one is lost by rounding."""

    def __init__(self, seconds: float, began: float) -> None:
        self.seconds, self.began = seconds, began

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, int | float):
            return NotImplemented
        return -1 <= other - self.seconds <= 1 + time.monotonic() - self.began

    def __repr__(self) -> str:
        return f"{self.seconds} s and what it took"


class Clock:
    def __init__(self) -> None:
        self.began = time.monotonic()

    def lasting(self, seconds: float) -> Lasting:
        """What equals that many seconds by the house's clock, which goes on while the test works."""
        return Lasting(seconds, self.began)

    async def now(self) -> datetime:
        async with reading() as db:
            return await clock.now(db)

    async def stand_at(self, moment: datetime) -> None:
        await self.forward(seconds=max(0.0, (moment - await self.now()).total_seconds()))

    async def forward(self, **by: float) -> None:
        """As timedelta takes it: `minutes=5`."""
        async with transaction() as db:
            await clock.advance(db, timedelta(**by))


@asynccontextmanager
async def standing_clock() -> AsyncIterator[Clock]:
    async with reading() as db:
        ahead = (await db.execute(text("SELECT ahead FROM clock_offset"))).scalar_one()
    try:
        yield Clock()
    finally:
        async with transaction() as db:
            await db.execute(text("UPDATE clock_offset SET ahead = :ahead"), {"ahead": ahead})
