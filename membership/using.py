"""Using: how often each benefit was ever used, and what that cost."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from infra.database import Db
from infra.entity import Json
from membership import kept_counts
from membership.redemptions import Redemption


async def uses(db: Db) -> tuple[dict[UUID, tuple[int, int]], datetime]:
    """Count by benefit how often, and the cost in minor units; and when that was counted."""
    content, counted_at = await kept_counts.recall(db, USES)
    return {UUID(id): (count, cost) for id, (count, cost) in content.items()}, counted_at


async def _count(db: Db) -> Json:
    cost = func.sum(Redemption.unit_cost_minor)
    used = select(Redemption.benefit_id, func.count(), cost).where(Redemption.used_at.is_not(None))
    rows = await db.execute(used.group_by(Redemption.benefit_id))
    return {str(benefit_id): [count, int(cost)] for benefit_id, count, cost in rows}


def _uses(content: Json) -> int:
    return sum(count for count, _ in content.values())


USES = kept_counts.Counting("uses", _count, _uses)
