"""What waits in the outbox, and for how long: the age of the oldest tells what a count cannot, that nothing gets done."""

from dataclasses import dataclass

from sqlalchemy import text

from infra.database import Db
from infra.settings import settings


@dataclass(frozen=True)
class Backlog:
    """Counts, and seconds since the oldest first was due; 0 where nothing waits. Parked ones wait for a person."""

    waiting: int
    oldest_seconds: float
    parked: int
    oldest_parked_seconds: float

    @property
    def is_late(self) -> bool:
        return self.oldest_seconds > settings().reactions_late_after_seconds


# What was handed over before moves its due time with each lease, so it is counted by `waiting_since`, on an index of its own.
LOOK = text(
    """
    WITH unhandled AS (
         SELECT due_at AS since, false AS is_parked FROM event_reactions
          WHERE handled_at IS NULL AND parked_at IS NULL AND due_at <= longan_now() AND waiting_since IS NULL
         UNION ALL
         SELECT waiting_since, parked_at IS NOT NULL FROM event_reactions
          WHERE handled_at IS NULL AND waiting_since IS NOT NULL)
    SELECT count(*) FILTER (WHERE NOT is_parked),
           coalesce(extract(epoch FROM longan_now() - min(since) FILTER (WHERE NOT is_parked)), 0)::float,
           count(*) FILTER (WHERE is_parked),
           coalesce(extract(epoch FROM longan_now() - min(since) FILTER (WHERE is_parked)), 0)::float
      FROM unhandled
    """
)


async def look(db: Db) -> Backlog:
    return Backlog(*(await db.execute(LOOK)).one())
