"""Using: how often each benefit was used, and what that cost, by days that any span is the sum of."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text

from infra.database import Db
from infra.entity import Json
from infra.settings import settings
from membership import kept_counts

BY_DAY = text("""
    SELECT benefit_id, (used_at AT TIME ZONE CAST(:zone AS text))::date, count(*), sum(unit_cost_minor) FROM redemptions
     WHERE used_at IS NOT NULL AND user_id NOT IN (SELECT user_id FROM uncounted) GROUP BY 1, 2
""")


async def uses(
    db: Db, first: date | None = None, last: date | None = None
) -> tuple[dict[UUID, tuple[int, int]], datetime]:
    """Count by benefit how often, ever or on these days, and the cost in minor units; and when that was counted."""
    content, counted_at = await kept_counts.recall(db, USES)
    begins, ends = (first or date.min).isoformat(), (last or date.max).isoformat()
    found = dict[UUID, tuple[int, int]]()
    for id, days in content.items():
        within = [figures for day, figures in days.items() if begins <= day <= ends]
        if within:
            found[UUID(id)] = sum(count for count, _ in within), sum(cost for _, cost in within)
    return found, counted_at


async def _count(db: Db) -> Json:
    content: Json = {}
    for benefit_id, on, count, cost in await db.execute(BY_DAY, {"zone": settings().time_zone}):
        content.setdefault(str(benefit_id), {})[on.isoformat()] = [count, int(cost)]
    return content


def _uses(content: Json) -> int:
    return sum(count for days in content.values() for count, _ in days.values())


USES = kept_counts.Counting("uses by day", _count, _uses)
