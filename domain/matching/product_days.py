"""What happened with each product on each day: shown, opened, applied for, decided."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock
from infra.database import Db
from infra.entity import Entity
from infra.revisions import Raised, raises
from infra.settings import settings

# Within these days everything is counted anew, so that nothing that came late is missed.
OPEN_DAYS = 3
BEFORE_ALL = date(2000, 1, 1)


@raises(Raised.EVERYBODYS)
class ProductDay(Entity):
    """Counted by the day on which each thing happened, in the house's time zone."""

    __tablename__ = "product_days"

    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    shown: Mapped[int] = mapped_column(default=0)
    opened: Mapped[int] = mapped_column(default=0)
    applied: Mapped[int] = mapped_column(default=0)
    approved: Mapped[int] = mapped_column(default=0)
    declined: Mapped[int] = mapped_column(default=0)
    accepted: Mapped[int] = mapped_column(default=0)


WHAT = ("shown", "opened", "applied", "approved", "declined", "accepted")

COUNT = text(
    """
    WITH happened AS (
         SELECT product_id, shown_at AS at, 'shown' AS what FROM impressions
          WHERE shown_at >= :since AND user_id NOT IN (SELECT user_id FROM uncounted)
          UNION ALL
         SELECT product_id, opened_at, 'opened' FROM impressions
          WHERE opened_at >= :since AND user_id NOT IN (SELECT user_id FROM uncounted)
          UNION ALL
         SELECT product_id, created_at, 'applied' FROM applications
          WHERE created_at >= :since AND user_id NOT IN (SELECT user_id FROM uncounted)
          UNION ALL
         SELECT application.product_id, decision.decided_at,
                CASE decision.outcome WHEN 'APPROVE' THEN 'approved' ELSE 'declined' END
           FROM decisions AS decision
           JOIN applications AS application
             ON application.user_id = decision.user_id AND application.id = decision.application_id
          WHERE decision.decided_at >= :since AND decision.outcome IN ('APPROVE', 'DECLINE')
            AND NOT EXISTS (SELECT FROM decisions AS review
                             WHERE review.user_id = decision.user_id AND review.reviewed_id = decision.id)
            AND decision.user_id NOT IN (SELECT user_id FROM uncounted)
          UNION ALL
         SELECT product_id, updated_at, 'accepted' FROM applications
          WHERE status = 'ACCEPTED' AND updated_at >= :since
            AND user_id NOT IN (SELECT user_id FROM uncounted))
    INSERT INTO product_days (product_id, day, shown, opened, applied, approved, declined, accepted)
    SELECT product_id, (at AT TIME ZONE CAST(:zone AS text))::date,
           count(*) FILTER (WHERE what = 'shown'), count(*) FILTER (WHERE what = 'opened'),
           count(*) FILTER (WHERE what = 'applied'), count(*) FILTER (WHERE what = 'approved'),
           count(*) FILTER (WHERE what = 'declined'), count(*) FILTER (WHERE what = 'accepted')
      FROM happened GROUP BY 1, 2
    """
)


async def count(db: Db, since: date | None = None) -> None:
    """Count the last days anew, and all since the last count, or `since`."""
    newest = (await db.execute(select(func.max(ProductDay.day)))).scalar_one()
    open_since = await clock.today(db) - timedelta(days=OPEN_DAYS - 1)
    first = min(open_since, since or newest or BEFORE_ALL)
    # Two that count at once take turns: the later one deletes what the earlier one wrote.
    await db.execute(text("LOCK TABLE product_days IN SHARE ROW EXCLUSIVE MODE"))
    await db.execute(delete(ProductDay).where(ProductDay.day >= first))
    await db.execute(COUNT, {"since": clock.begins(first), "zone": settings().time_zone})
