"""What a machine that watches is told of money: breaks, what fits nothing, and whether anybody looks at all."""

import asyncio
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from domain.deadlines import deadlines
from domain.reconciling.reconciling import DONE
from infra.backlog import PATIENCE_SECONDS
from infra.database import Db, reading


@dataclass(frozen=True)
class MoneyAlarms:
    """`reconciled_seconds`: since all agreements were compared to the last one; None where they never were. `missed` deadlines
    are not kept yet, the oldest since `missed_seconds`.
    """

    breaks: int
    unmatched: int
    reconciled_seconds: float | None
    missed: int
    missed_seconds: float


LOOK = text("""
    SELECT (SELECT count(*) FROM ledger_breaks WHERE ended_at IS NULL)::int,
           (SELECT count(*) FROM takings WHERE (why IS NOT NULL AND ended_at IS NULL) OR contradicted_at IS NOT NULL)::int,
           (SELECT extract(epoch FROM longan_now() - max(occurred_at)) FROM events WHERE subject_id IS NULL AND name = :done)::float
""")


async def look_now() -> MoneyAlarms | None:
    """None where the database cannot tell soon."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), reading() as db:
            return await look(db)
    except (TimeoutError, OSError, SQLAlchemyError):
        return None


async def look(db: Db) -> MoneyAlarms:
    breaks, unmatched, seconds = (await db.execute(LOOK, {"done": DONE})).one()
    missed, missed_seconds = await deadlines.count_missed(db)
    return MoneyAlarms(breaks, unmatched, seconds, missed, missed_seconds)
