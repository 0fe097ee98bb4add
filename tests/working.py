"""Relay and worker in the test's own hands: what is owed is carried out now, and only for whom the test is about."""

from uuid import UUID

from sqlalchemy import or_, select

from infra import clock, reacting
from infra.database import reading
from infra.outbox import Event, EventReaction
from tests.statements import statements

ROUNDS_MAX = 20


async def work_off(*about: UUID) -> list[str]:
    """Carry out all that is due for these users or subjects, and what comes of it. Answers the reactions, in order."""
    done: list[str] = []
    for _ in range(ROUNDS_MAX):
        due = await due_for(*about)
        if not due:
            return done
        for event_id, reaction in due:
            await reacting.react(event_id, reaction)
            done.append(reaction)
    raise AssertionError(f"this never ends: {done}")


async def due_for(*about: UUID) -> list[tuple[UUID, str]]:
    """Oldest first. Heard by nobody who listens to what the house asks: no index is for it."""
    with statements():
        return await _due_for(about)


async def _due_for(about: tuple[UUID, ...]) -> list[tuple[UUID, str]]:
    async with reading() as db:
        rows = await db.execute(
            select(EventReaction.event_id, EventReaction.reaction)
            .join(Event, Event.id == EventReaction.event_id)
            .where(or_(Event.user_id.in_(about), Event.subject_id.in_(about)))
            .where(
                EventReaction.handled_at.is_(None),
                EventReaction.parked_at.is_(None),
                EventReaction.due_at <= await clock.now(db),
            )
            .order_by(Event.id, EventReaction.reaction)
        )
        return [(row.event_id, row.reaction) for row in rows]
