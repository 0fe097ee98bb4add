"""Kept counts: to count everybody takes seconds where they are many, so what it came to is kept, and told with its time.

The worker counts again, before it is too old, what marketing looks at every day; whoever asks for days of their own waits once.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock, schedules
from infra.copying import put_in
from infra.database import Db, transaction
from infra.entity import Entity, Json
from infra.events import declare
from infra.reads import Reads

MANY = 100_000  # people or uses; fewer are counted in a moment, and always as they are now
EVERY, KEPT, FORGOTTEN = timedelta(minutes=10), timedelta(minutes=15), timedelta(days=1)
DUE = declare("kept_counts.due")
schedules.recur(DUE, EVERY)

Counting = Callable[[Db], Awaitable[Json]]


class KeptCount(Entity):
    """`content`: numbers, and nobody."""

    __tablename__ = "kept_counts"

    name: Mapped[str] = mapped_column(primary_key=True)
    counted_at: Mapped[datetime]
    content: Mapped[Json]


async def recall(db: Db, name: str, count: Counting, size: Callable[[Json], int]) -> tuple[Json, datetime]:
    """What counting comes to, and when: kept of late where it is of many, else now."""
    mine = select(KeptCount).where(KeptCount.name == name, KeptCount.counted_at > await clock.now(db) - KEPT)
    kept = (await db.execute(mine)).scalar_one_or_none()
    if kept is not None:
        return kept.content, kept.counted_at
    return await renew(db, name, count, size)


async def renew(db: Db, name: str, count: Counting, size: Callable[[Json], int]) -> tuple[Json, datetime]:
    """Count now, and keep it where `size` tells that it is of many."""
    now = await clock.now(db)
    content = await count(db)
    if size(content) >= MANY:
        row = {"name": name, "counted_at": now, "content": content}
        if isinstance(db, Reads):
            async with transaction() as writing:
                await put_in(writing, KeptCount, [row])
        else:
            await put_in(db, KeptCount, [row])
    return content, now


async def are_asked_for(db: Db) -> bool:
    """Whether anything was kept within a day; what is older is forgotten."""
    await db.execute(delete(KeptCount).where(KeptCount.counted_at <= await clock.now(db) - FORGOTTEN))
    return (await db.execute(select(KeptCount.name).limit(1))).scalar_one_or_none() is not None
