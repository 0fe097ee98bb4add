"""What waits for the senders, and how partners' servers fare: the age of what is due tells whether anybody sends at all."""

import asyncio
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from infra.backlog import PATIENCE_SECONDS
from infra.database import Db, reading
from infra.settings import settings


@dataclass(frozen=True)
class WebhookBacklog:
    """`waiting`: all that is not delivered yet. `due_seconds`: how long the oldest of what could be sent has been due, at a
    webhook that takes what comes; 0 where nothing is. Of live webhooks so many fail, and so many are paused.
    """

    waiting: int
    due_seconds: float
    failing: int
    paused: int

    @property
    def is_late(self) -> bool:
        return self.due_seconds > settings().reactions_late_after_seconds


# Of an application only what happened first could be sent; what is under way is on its way.
LOOK = text(
    """
    SELECT (SELECT count(*) FROM webhook_deliveries WHERE state = 'WAITING')::int,
           coalesce(extract(epoch FROM longan_now() - (
                SELECT min(w.next_at) FROM webhook_deliveries w JOIN webhook_endpoints e ON e.id = w.endpoint_id
                 WHERE w.state = 'WAITING' AND w.next_at <= longan_now() AND e.status = 'LIVE' AND e.deleted_at IS NULL
                   AND e.failures = 0 AND (w.claimed_until IS NULL OR w.claimed_until <= clock_timestamp())
                   AND NOT EXISTS (SELECT FROM webhook_deliveries before
                                    WHERE before.endpoint_id = w.endpoint_id AND before.subject_id = w.subject_id
                                      AND before.state = 'WAITING' AND before.event_id < w.event_id))), 0)::float,
           (SELECT count(*) FROM webhook_endpoints WHERE status = 'LIVE' AND failures > 0 AND deleted_at IS NULL)::int,
           (SELECT count(*) FROM webhook_endpoints WHERE status = 'PAUSED' AND deleted_at IS NULL)::int
    """
)


async def look_now() -> WebhookBacklog | None:
    """For a machine that asks; None where the database cannot tell soon."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), reading() as db:
            return await look(db)
    except (TimeoutError, OSError, SQLAlchemyError):
        return None


async def look(db: Db) -> WebhookBacklog:
    return WebhookBacklog(*(await db.execute(LOOK)).one())
