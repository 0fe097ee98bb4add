"""Kept counts: to count everybody takes seconds where they are many, so what it came to is kept, and told with its time.

The worker counts again, before it is too old, what marketing looked at within a day; whoever asks for days of their own waits once.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock, schedules
from infra.copying import put_in
from infra.database import Db, transaction
from infra.entity import Entity, Json
from infra.events import declare
from infra.reads import Reads

MANY = 100_000  # people or uses; fewer are counted in a moment, and always as they are now
EVERY, KEPT, FORGOTTEN = timedelta(minutes=10), timedelta(minutes=15), timedelta(days=1)
NOTED = timedelta(hours=1)  # that somebody asked: so often at the most is it written down
DUE = declare("kept_counts.due")
schedules.recur(DUE, EVERY)

Counting = Callable[[Db], Awaitable[Json]]


class KeptCount(Entity):
    """`content`: numbers, and nobody. `asked_at`: about when a person last asked, and not the worker; None where none did."""

    __tablename__ = "kept_counts"

    name: Mapped[str] = mapped_column(primary_key=True)
    counted_at: Mapped[datetime]
    content: Mapped[Json]
    asked_at: Mapped[datetime | None] = mapped_column(default=None)


async def recall(db: Db, name: str, count: Counting, size: Callable[[Json], int]) -> tuple[Json, datetime]:
    """What counting comes to, and when, for somebody who asks: kept of late where it is of many, else now."""
    now = await clock.now(db)
    mine = select(KeptCount).where(KeptCount.name == name, KeptCount.counted_at > now - KEPT)
    kept = (await db.execute(mine)).scalar_one_or_none()
    if kept is None:
        return await _count(db, name, count, size, {"asked_at": now})
    content, counted_at = kept.content, kept.counted_at
    if kept.asked_at is None or kept.asked_at <= now - NOTED:
        async with _writing(db) as writing:
            await _note(writing, name, now)
    return content, counted_at


async def renew(db: Db, name: str, count: Counting, size: Callable[[Json], int]) -> None:
    """Count now, though nobody asks, and keep it where `size` tells that it is of many."""
    await _count(db, name, count, size, {})


async def asked_for(db: Db) -> set[str]:
    """The kinds, which names begin with, that somebody asked for within a day; what was not counted within one is forgotten."""
    day_ago = await clock.now(db) - FORGOTTEN
    await db.execute(delete(KeptCount).where(KeptCount.counted_at <= day_ago))
    kind = func.split_part(KeptCount.name, ":", 1)
    return set((await db.execute(select(kind).where(KeptCount.asked_at > day_ago))).scalars())


async def _count(
    db: Db, name: str, count: Counting, size: Callable[[Json], int], asked: dict[str, datetime]
) -> tuple[Json, datetime]:
    now = await clock.now(db)
    content = await count(db)
    if size(content) >= MANY:
        async with _writing(db) as writing:
            await put_in(writing, KeptCount, [{"name": name, "counted_at": now, "content": content, **asked}])
    return content, now


async def _note(db: Db, name: str, now: datetime) -> None:
    """Unless the worker is writing it, for which nobody waits: whoever asks next is noted."""
    free = select(KeptCount.name).where(KeptCount.name == name).with_for_update(skip_locked=True)
    mine = update(KeptCount).where(KeptCount.name.in_(free)).values(asked_at=now)
    await db.execute(mine.execution_options(synchronize_session=False))


@asynccontextmanager
async def _writing(db: Db) -> AsyncIterator[Db]:
    """This transaction, or another where this one only reads."""
    if isinstance(db, Reads):
        async with transaction() as writing:
            yield writing
    else:
        yield db
