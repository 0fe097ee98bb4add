"""Kept counts: to count everybody takes seconds where they are many, so what it came to is kept, and told with its time.

The worker counts before anybody asks: every few hours, and every ten minutes what somebody asked for within a day. So nobody waits
for it, unless no worker was there for a day.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock, outbox, schedules
from infra.copying import put_in
from infra.database import Db, transaction
from infra.entity import Entity, Json
from infra.events import declare
from infra.reads import Reads

MANY = 20_000  # people or uses; fewer are counted in a moment, and always as they are now
EVERY, FRESH = timedelta(minutes=10), timedelta(minutes=15)
UNASKED = timedelta(hours=6)  # so often the worker counts what nobody asks for
FORGOTTEN = timedelta(days=1)
NOTED = timedelta(hours=1)  # that somebody asked: so often at the most is it written down
# A lock: two workers that are woken together count one after the other.
_ONE_AT_A_TIME = func.pg_advisory_xact_lock(0x6B657074)
DUE = declare("kept_counts.due")
schedules.recur(DUE, EVERY)


class KeptCount(Entity):
    """`content`: numbers, and nobody. `asked_at`: about when a person last asked, and not the worker; None where none did."""

    __tablename__ = "kept_counts"

    name: Mapped[str] = mapped_column(primary_key=True)
    counted_at: Mapped[datetime]
    content: Mapped[Json]
    asked_at: Mapped[datetime | None] = mapped_column(default=None)


@dataclass(frozen=True)
class Counting:
    """What is counted: under which name it is kept, how, and of how many people or uses it came to be."""

    name: str
    count: Callable[[Db], Awaitable[Json]]
    size: Callable[[Json], int]


async def recall(db: Db, counting: Counting) -> tuple[Json, datetime]:
    """What counting comes to, and when, for somebody who asks: as it was kept where it is of many, else now.

    What is kept and no more fresh the worker counts again at once.
    """
    now = await clock.now(db)
    mine = select(KeptCount).where(KeptCount.name == counting.name, KeptCount.counted_at > now - FORGOTTEN)
    kept = (await db.execute(mine)).scalar_one_or_none()
    if kept is None or counting.size(kept.content) < MANY:
        return await _count(db, counting, {"asked_at": now})
    content, counted_at = kept.content, kept.counted_at
    if kept.asked_at is None or kept.asked_at <= now - NOTED:
        async with _writing(db) as writing:
            await _note(writing, counting.name, now, is_fresh=counted_at > now - FRESH)
    return content, counted_at


async def renew(db: Db, countings: Collection[Counting], woken_at: datetime) -> None:
    """Count again, and keep, what somebody asked for within a day, and what was not counted for hours; and forget all else.

    What was counted since it was woken, for somebody else who woke it, is not counted once more.
    """
    await db.execute(select(_ONE_AT_A_TIME))
    now = await clock.now(db)
    names = {each.name for each in countings}
    await db.execute(delete(KeptCount).where(KeptCount.name.not_in(names)))
    is_unasked = or_(KeptCount.asked_at.is_(None), KeptCount.asked_at <= now - FORGOTTEN)
    is_resting = or_(and_(KeptCount.counted_at > now - UNASKED, is_unasked), KeptCount.counted_at > woken_at)
    resting = set((await db.execute(select(KeptCount.name).where(is_resting))).scalars())
    for each in countings:
        if each.name not in resting:
            await _keep(db, each.name, now, await each.count(db))


async def forget(db: Db) -> None:
    """Count everybody anew, for other people count from now on."""
    await db.execute(select(_ONE_AT_A_TIME))
    await db.execute(delete(KeptCount))
    await outbox.announce(db, DUE)


async def _count(db: Db, counting: Counting, asked: dict[str, datetime]) -> tuple[Json, datetime]:
    now = await clock.now(db)
    content = await counting.count(db)
    if counting.size(content) >= MANY:
        async with _writing(db) as writing:
            await _keep(writing, counting.name, now, content, **asked)
    return content, now


async def _keep(db: Db, name: str, now: datetime, content: Json, **asked: datetime) -> None:
    await put_in(db, KeptCount, [{"name": name, "counted_at": now, "content": content, **asked}])


async def _note(db: Db, name: str, now: datetime, *, is_fresh: bool) -> None:
    """Once, however many ask at once; and not while the worker is writing it, for which nobody waits: whoever asks next is noted."""
    is_unnoted = or_(KeptCount.asked_at.is_(None), KeptCount.asked_at <= now - NOTED)
    free = select(KeptCount.name).where(KeptCount.name == name, is_unnoted).with_for_update(skip_locked=True)
    mine = update(KeptCount).where(KeptCount.name.in_(free)).values(asked_at=now).returning(KeptCount.name)
    noted = await db.execute(mine.execution_options(synchronize_session=False))
    if noted.first() is not None and not is_fresh:
        await outbox.announce(db, DUE)


@asynccontextmanager
async def _writing(db: Db) -> AsyncIterator[Db]:
    """This transaction, or another where this one only reads."""
    if isinstance(db, Reads):
        async with transaction() as writing:
            yield writing
    else:
        yield db
