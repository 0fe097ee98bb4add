"""A past that is lived through in one transaction: its time, and what its events owe, each in its turn."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, select, text

from infra import clock, reactions
from infra.database import Db
from infra.outbox import Event, EventReaction

BACK = text(
    "SELECT set_config('longan.back', (now() + (SELECT ahead FROM clock_offset) - CAST(:at AS timestamptz))::text, true)"
)


async def stand_at(db: Db, at: datetime) -> None:
    """Let it be this time, for every question and every row of this transaction, until it is told another."""
    await db.execute(BACK, {"at": at})
    clock.freeze(db, at)


async def catch_up(db: Db, user_id: UUID, until: datetime) -> None:
    """Do what this person's events owe by then, each at the time at which it was due, as a worker would have."""
    while (due := await _next(db, user_id, until)) is not None:
        owed, event = due
        await stand_at(db, max(owed.due_at, await clock.now(db)))
        reaction = reactions.named(owed.reaction)
        assert reaction is not None and not reaction.calls_out, f"{owed.reaction} cannot be done in hindsight"
        await reaction.handler(db, event)
        owed.handled_at = await clock.now(db)
        await db.flush()
    await stand_at(db, until)


async def _next(db: Db, user_id: UUID, until: datetime) -> Row[EventReaction, Event] | None:
    owed = (
        select(EventReaction, Event)
        .join(Event, Event.id == EventReaction.event_id)
        .where(EventReaction.handled_at.is_(None), EventReaction.parked_at.is_(None), EventReaction.due_at <= until)
        .where(Event.user_id == user_id)
        .order_by(EventReaction.due_at, Event.id, EventReaction.reaction)
        .limit(1)
    )
    return (await db.execute(owed)).one_or_none()
