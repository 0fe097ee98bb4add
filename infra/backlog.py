"""What waits in the outbox, and for how long: the age of the oldest tells what a count cannot, that nothing gets done."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from infra.database import Db, reading
from infra.settings import settings

PATIENCE_SECONDS = 2
MOST = 50_000  # so many of either kind are counted, the oldest first: whoever asks shall not wait the longer, the more waits

T = TypeVar("T")


async def soon(look: Callable[[Db], Awaitable[T]]) -> T | None:
    """What somebody looks up for a machine that asks; None where the database cannot tell soon."""
    with suppress(TimeoutError, OSError, SQLAlchemyError):
        async with asyncio.timeout(PATIENCE_SECONDS), reading() as db:
            return await look(db)
    return None


@dataclass(frozen=True)
class Waiting:
    """What waits of one reaction. `failing` are those that were tried and did not succeed; `errors`: with what, by name."""

    reaction: str
    waiting: int
    oldest_seconds: float
    parked: int
    oldest_parked_seconds: float
    failing: int
    errors: Sequence[str]


@dataclass(frozen=True)
class Backlog:
    """Counts up to MOST, and seconds since the oldest first was due; 0 where nothing waits. Parked ones wait for a person."""

    waiting: int
    oldest_seconds: float
    parked: int
    oldest_parked_seconds: float
    reactions: tuple[Waiting, ...] = ()

    @property
    def is_late(self) -> bool:
        return self.oldest_seconds > settings().reactions_late_after_seconds


# What was handed over before moves its due time with each lease, so it is counted by `waiting_since`, on an index of its own.
LOOK = text(
    """
    WITH unhandled AS (
         (SELECT reaction, due_at AS since, false AS is_parked, last_error FROM event_reactions
           WHERE handled_at IS NULL AND parked_at IS NULL AND due_at <= longan_now() AND waiting_since IS NULL
           ORDER BY due_at LIMIT :most)
         UNION ALL
         (SELECT reaction, waiting_since, parked_at IS NOT NULL, last_error FROM event_reactions
           WHERE handled_at IS NULL AND waiting_since IS NOT NULL ORDER BY waiting_since LIMIT :most))
    SELECT reaction,
           count(*) FILTER (WHERE NOT is_parked),
           coalesce(extract(epoch FROM longan_now() - min(since) FILTER (WHERE NOT is_parked)), 0)::float,
           count(*) FILTER (WHERE is_parked),
           coalesce(extract(epoch FROM longan_now() - min(since) FILTER (WHERE is_parked)), 0)::float,
           count(*) FILTER (WHERE NOT is_parked AND last_error IS NOT NULL),
           coalesce(array_agg(DISTINCT last_error ORDER BY last_error) FILTER (WHERE last_error IS NOT NULL), '{}')
      FROM unhandled GROUP BY reaction ORDER BY reaction
    """
)


async def look(db: Db) -> Backlog:
    lines = tuple(Waiting(*row) for row in await db.execute(LOOK, {"most": MOST}))
    return Backlog(
        waiting=sum(each.waiting for each in lines),
        oldest_seconds=max((each.oldest_seconds for each in lines), default=0),
        parked=sum(each.parked for each in lines),
        oldest_parked_seconds=max((each.oldest_parked_seconds for each in lines), default=0),
        reactions=lines,
    )
