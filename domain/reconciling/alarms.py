"""What a machine that watches is told of money: breaks, what fits nothing, and whether anybody looks at all."""

from dataclasses import dataclass

from sqlalchemy import text

from domain.deadlines import deadlines
from domain.reconciling.reconciling import DONE
from infra.database import Db


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


async def look(db: Db) -> MoneyAlarms:
    breaks, unmatched, seconds = (await db.execute(LOOK, {"done": DONE})).one()
    missed, missed_seconds = await deadlines.count_missed(db)
    return MoneyAlarms(breaks, unmatched, seconds, missed, missed_seconds)
