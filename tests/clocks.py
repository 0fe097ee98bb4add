"""The house's clock in a test's hands."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy import text

from infra import clock
from infra.database import reading, transaction


class Clock:
    async def now(self) -> datetime:
        async with reading() as db:
            return await clock.now(db)

    async def stand_at(self, moment: datetime) -> None:
        await self.forward(seconds=(moment - await self.now()).total_seconds())

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
