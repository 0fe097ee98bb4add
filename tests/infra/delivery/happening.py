"""Events that happen in these tests, and what reacts to them."""

import asyncio
from uuid import UUID

from sqlalchemy import func, select

from infra import outbox
from infra.database import reading, transaction
from infra.events import declare
from infra.ids import new_id
from infra.outbox import Event, EventReaction

HAPPENED, CALLED, COUNTED = declare("test.happened"), declare("test.called"), declare("test.counted")
NOBODY_CARES = declare("test.nobody_cares")


class Broken(Exception):
    """What a reaction of these tests fails with; it quotes a phone number, which must be written down nowhere."""


class Counter:
    """What the reactions of these tests did."""

    def __init__(self) -> None:
        self.seen: list[UUID] = []
        self.fails = 0
        self.hold: asyncio.Event | None = None

    async def count(self, event: Event) -> None:
        if self.hold is not None:
            await self.hold.wait()
        if self.fails > 0:
            self.fails -= 1
            raise Broken("+8613800138000")
        self.seen.append(event.id)


async def happened(name: str = HAPPENED, user_id: UUID | None = None) -> Event:
    async with transaction() as db:
        return await outbox.announce(db, name, user_id=user_id or new_id())


async def owed(event: Event) -> EventReaction:
    async with reading() as db:
        return (await db.execute(select(EventReaction).where(EventReaction.event_id == event.id))).scalar_one()


async def told(user_id: UUID | None, name: str) -> int:
    async with reading() as db:
        counted = select(func.count()).where(Event.user_id == user_id, Event.name == name)
        return (await db.execute(counted)).scalar_one()
