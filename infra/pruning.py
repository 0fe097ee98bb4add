"""What the ground need not keep: receipts that nobody can send again, reactions that were handled long ago."""

from datetime import timedelta

from sqlalchemy import delete

from infra import clock, counters, revisions, schedules
from infra.database import Db
from infra.events import declare
from infra.outbox import Event, EventReaction
from infra.reactions import reaction
from infra.receipts import KEPT, Receipt

PRUNE = declare("house.prune")
HANDLED_KEPT = timedelta(days=30)

schedules.recur(PRUNE, schedules.DAY, schedules.NIGHT)


@reaction(PRUNE, stored_as="prune_ground")
async def prune_ground(db: Db, event: Event) -> None:
    """Events stay: they are what happened."""
    now = await clock.now(db)
    await db.execute(delete(Receipt).where(Receipt.created_at < now - KEPT))
    await db.execute(delete(EventReaction).where(EventReaction.handled_at < now - HANDLED_KEPT))
    await counters.prune(db)
    await revisions.prune(db)
