"""Activity: redemptions, repayments on time and orders of the last 365 days, one point each."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, Interval, delete, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.agreements import agreements
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.applications import applications
from domain.redeemed import REDEEMED
from infra import clock, lasting
from infra.database import Db
from infra.entity import Entity, OwnerId
from infra.loaders import ANY_KEY, NOW, loader
from infra.outbox import Event
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.revisions import Raised, raises

COUNTS_FOR = timedelta(days=365)
COUNTED = (REDEEMED, agreements.REPAID, applications.ACCEPTED)


@raises(Raised.OWNERS)
class Activity(Entity):
    """One point. Kept apart from the outbox, so that old events may be cleared away before the year is over."""

    __tablename__ = "activities"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    event: Mapped[str]
    occurred_at: Mapped[datetime]

    __table_args__ = (Index(None, "user_id", "occurred_at"),)


async def count(db: Db, event: Event) -> None:
    """Give the point that this event is worth, once. A repayment that came late is worth none."""
    if event.data.get("days_late") or await _is_taken_back(db, event):
        return
    row = insert(Activity).values(
        user_id=event.user_id, event_id=event.id, event=event.name, occurred_at=event.occurred_at
    )
    await db.execute(row.on_conflict_do_nothing())


async def take_back(db: Db, event: Event) -> None:
    """An order that was taken back is worth nothing, whichever of the two is heard of first."""
    its = select(Agreement.application_id).where(Agreement.user_id == event.user_id, Agreement.id == event.subject_id)
    ordered = select(Event.id).where(Event.subject_id.in_(its), Event.name == applications.ACCEPTED)
    mine = delete(Activity).where(Activity.user_id == event.user_id, Activity.event_id.in_(ordered))
    await db.execute(mine.execution_options(synchronize_session=False))


async def _is_taken_back(db: Db, event: Event) -> bool:
    if event.name != applications.ACCEPTED:
        return False
    its = select(Agreement.status).where(Agreement.user_id == event.user_id)
    status = (await db.execute(its.where(Agreement.application_id == event.subject_id))).scalar_one_or_none()
    return status is AgreementStatus.UNWOUND


COUNTS = Question(
    lambda: (
        select(Activity.user_id, func.count(), func.min(Activity.occurred_at))
        .where(Activity.user_id == ANY_KEY, Activity.occurred_at > NOW - literal(COUNTS_FOR, Interval))
        .group_by(Activity.user_id)
    )
)


@loader(COUNTS)
async def counts_of(
    db: Db | None, user_ids: set[UUID], now: datetime, rows: list[tuple[UUID, int, datetime]]
) -> dict[UUID, int]:
    """The points of each; who has none is missing."""
    lasting.until(*(oldest + COUNTS_FOR for _, _, oldest in rows))
    return {user_id: count for user_id, count, _ in rows}


NTH = text("""
    SELECT asked.user_id, nth.occurred_at
      FROM unnest(CAST(:user_ids AS uuid[]), CAST(:needed AS int[])) AS asked (user_id, needed)
     CROSS JOIN LATERAL (
           SELECT activity.occurred_at FROM activities AS activity
            WHERE activity.user_id = asked.user_id AND activity.occurred_at > :since
            ORDER BY activity.occurred_at DESC OFFSET asked.needed - 1 LIMIT 1) AS nth
""")


async def fewer_than_at(db: Db, needed: Mapping[UUID, int]) -> dict[UUID, datetime]:
    """When each will have fewer points than they need, 1 or more, if nothing new comes; who has fewer now is missing."""
    if not needed:
        return {}
    since = await clock.now(db) - COUNTS_FOR
    given = {"user_ids": list(needed), "needed": list(needed.values()), "since": since}
    return {user_id: nth + COUNTS_FOR for user_id, nth in await db.execute(NTH, given)}
