"""Carrying out one owed reaction, so that its effect happens once however often it is delivered."""

import time
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, text, update

from infra import clock, leases, reactions
from infra.database import Db, reading, transact, transaction
from infra.outbox import Event, EventReaction

log = structlog.get_logger()


class UnknownReaction(Exception):
    """Raised for a name that this process does not know: a newer one may, so the row stays due until it is parked."""


async def react(event_id: UUID, name: str) -> None:
    """Handle the reaction unless it is handled already. A failure is written down; the relay delivers it again later."""
    began = time.perf_counter()
    try:
        reaction = reactions.named(name)
        if reaction is None:
            raise UnknownReaction
        await (_call_out(event_id, reaction) if reaction.calls_out else _work(event_id, reaction))
    except Exception as error:
        seconds = round(time.perf_counter() - began, 3)
        log.exception("reaction.failed", reaction=name, event_id=str(event_id), seconds=seconds)
        await _write_down(event_id, name, error)


async def _work(event_id: UUID, reaction: reactions.Reaction) -> None:
    async def in_one_transaction(db: Db) -> None:
        # A second delivery finds the row locked or handled, and leaves.
        due = select(EventReaction).where(*_is(event_id, reaction.name), EventReaction.handled_at.is_(None))
        owed = (await db.execute(due.with_for_update(skip_locked=True))).scalar_one_or_none()
        if owed is None:
            return
        await reaction.handler(db, await db.get_one(Event, event_id))
        owed.handled_at = await clock.now(db)

    await transact(in_one_transaction)


async def _call_out(event_id: UUID, reaction: reactions.Reaction) -> None:
    async with leases.claimed(event_id, reaction.name) as is_ours:
        if not is_ours:
            return
        async with reading() as db:
            event = await db.get_one(Event, event_id)
        await reaction.handler(event)
        async with transaction() as db:
            handled = update(EventReaction).where(*_is(event_id, reaction.name))
            await db.execute(handled.values(handled_at=text("longan_now()")))


async def _write_down(event_id: UUID, name: str, error: Exception) -> None:
    # The class alone: an error's words may hold what a person said.
    async with transaction() as db:
        await db.execute(update(EventReaction).where(*_is(event_id, name)).values(last_error=type(error).__name__))


def _is(event_id: UUID, name: str) -> tuple[Any, ...]:
    return EventReaction.event_id == event_id, EventReaction.reaction == name
