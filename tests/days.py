"""Days in a test's hands: one passes after the other, and does to these people's agreements what comes by itself."""

from datetime import UTC, date, time, timedelta
from uuid import UUID

from domain.days import passing
from infra import clock
from infra.clock import local_moment
from infra.database import Db, transaction
from infra.hindsight import stand_at


async def pass_days(db: Db, days: int, *people: UUID) -> None:
    """So many, from the one of this transaction on; it then stands in the morning of the last of them."""
    for _ in range(days):
        await begin_day(db, await clock.today(db) + timedelta(days=1))
        await passing.pass_for(db, people)


async def pass_days_until(db: Db, on: date, *people: UUID) -> None:
    """Each day after this one, up to that one."""
    await pass_days(db, (on - await clock.today(db)).days, *people)


async def begin_day(db: Db, on: date) -> None:
    """Stand in the morning of a day, and do nothing."""
    await stand_at(db, local_moment(on, time(0, 5)).astimezone(UTC))


async def day_passes(*people: UUID) -> None:
    """Today passes, for good, for whom the test is about."""
    async with transaction() as db:
        await passing.pass_for(db, people)
