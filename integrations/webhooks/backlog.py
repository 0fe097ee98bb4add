"""What waits for the senders, and how partners' servers fare: the age of what is due tells whether anybody sends at all."""

from dataclasses import dataclass

from sqlalchemy import text

from infra.database import Db
from infra.settings import settings
from integrations.webhooks.addresses import ANY_LISTENED
from integrations.webhooks.deliveries import ALL_WAITED_FOR, COULD_BE_SENT


@dataclass(frozen=True)
class WebhookBacklog:
    """`waiting`: all that is not delivered yet, or WAITING_MAX. `due_seconds`: how long the oldest of what could be sent has
    been due, at a webhook that takes what comes; 0 where nothing is. Of live webhooks so many fail, and so many are paused. Those
    that somebody listens to, which nothing is ever posted to, are in no count.
    """

    waiting: int
    due_seconds: float
    failing: int
    paused: int

    @property
    def is_late(self) -> bool:
        return self.due_seconds > settings().reactions_late_after_seconds


WAITING_MAX = 100_000  # nobody need know of more, and counting takes time
LOOK = text(
    f"""
    WITH RECURSIVE {ALL_WAITED_FOR},
    firsts AS (
         SELECT first.next_at
           FROM waiting JOIN webhook_endpoints e ON e.id = waiting.endpoint_id
          CROSS JOIN LATERAL (
                SELECT w.next_at FROM webhook_deliveries w WHERE w.endpoint_id = e.id AND {COULD_BE_SENT}
                 ORDER BY w.next_at LIMIT 1) AS first
          WHERE e.status = 'LIVE' AND e.deleted_at IS NULL AND e.failures = 0)
    SELECT (SELECT count(*) FROM (
                SELECT FROM waiting JOIN webhook_endpoints e ON e.id = waiting.endpoint_id AND e.url NOT LIKE '{ANY_LISTENED}'
                 CROSS JOIN LATERAL (
                       SELECT FROM webhook_deliveries w WHERE w.endpoint_id = e.id AND w.state = 'WAITING'
                        LIMIT {WAITING_MAX}) AS its
                 LIMIT {WAITING_MAX}) AS all_of_them)::int,
           coalesce(extract(epoch FROM longan_now() - (SELECT min(next_at) FROM firsts)), 0)::float,
           (SELECT count(*) FROM webhook_endpoints WHERE status = 'LIVE' AND failures > 0 AND deleted_at IS NULL)::int,
           (SELECT count(*) FROM webhook_endpoints
             WHERE status = 'PAUSED' AND deleted_at IS NULL AND url NOT LIKE '{ANY_LISTENED}')::int
    """  # noqa: S608
)


async def look(db: Db) -> WebhookBacklog:
    return WebhookBacklog(*(await db.execute(LOOK)).one())
