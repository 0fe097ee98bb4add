"""What a machine that watches is told of days: how many agreements wait for theirs, and since when."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from infra import clock
from infra.database import Db
from infra.settings import settings

MOST = 50_000  # so many are counted: whoever asks shall not wait the longer, the more wait


@dataclass(frozen=True)
class DayBacklog:
    """`waiting` agreements, MOST at the most, that a day up to `on` does something to and has not reached; `oldest_seconds`: since
    the first of these days began, 0 where none waits.
    """

    on: date
    waiting: int
    oldest_seconds: float

    @property
    def is_late(self) -> bool:
        return self.oldest_seconds > settings().day_late_after_seconds


LOOK = text(f"""
    SELECT count(*), min(next_on)
      FROM (SELECT next_on FROM agreements WHERE next_on <= :today ORDER BY next_on LIMIT {MOST}) AS waiting
""")  # noqa: S608 - our own number


async def look(db: Db) -> DayBacklog:
    now, today = await clock.now(db), await clock.today(db)
    waiting, first = (await db.execute(LOOK, {"today": today})).one()
    oldest = (now - clock.begins(first)).total_seconds() if first else 0.0
    return DayBacklog(today, waiting, oldest)
