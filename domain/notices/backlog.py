"""What people should have been told by now and were not, because whoever sends it for us is away or will not."""

from dataclasses import dataclass

from sqlalchemy import text

from infra.database import Db

COUNTED_MAX = 50_000


@dataclass(frozen=True)
class NoticeBacklog:
    """Pushes and texts that were tried in vain and wait for their next turn, COUNTED_MAX together at the most; and how long ago
    the oldest of them was tried first, 0 where there is none.
    """

    pushes: int
    texts: int
    oldest_seconds: float


LOOK = text(
    f"""
    SELECT count(*) FILTER (WHERE channel = 'PUSH'), count(*) FILTER (WHERE channel = 'SMS'),
           coalesce(extract(epoch FROM longan_now() - min(tried_at)), 0)::float
      FROM (SELECT channel, tried_at FROM notice_deliveries
             WHERE status = 'WAITING' AND tried_at IS NOT NULL ORDER BY tried_at LIMIT {COUNTED_MAX}) AS put_off
    """  # noqa: S608
)


async def look(db: Db) -> NoticeBacklog:
    return NoticeBacklog(*(await db.execute(LOOK)).one())
