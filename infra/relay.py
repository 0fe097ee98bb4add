"""The relay: hands what is due to Celery, wakes by the bell and when the next is due, and sweeps for what a crash left."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog
from sqlalchemy import Row

from infra import backlog, doorbell, leases, schedules
from infra.broker import AWAY, Broker
from infra.database import reading
from infra.settings import settings

BATCH = 200
REST_SECONDS_MIN = 0.1  # what is due one after another is handed over together
TOLD_LATE_EVERY_SECONDS = 60.0
log = structlog.get_logger()


async def run(broker: Broker) -> None:
    """Relay until cancelled. Any number of relays may run: rows are taken with SKIP LOCKED."""
    bell = asyncio.Event()
    watch = RelayWatch()
    async with asyncio.TaskGroup() as group:
        group.create_task(_hear(bell))
        while True:
            bell.clear()
            rest = settings().relay_sweep_seconds
            try:
                await schedules.announce_due()
                while await hand_over(broker) == BATCH:
                    pass
                rest = min(rest, max(await leases.seconds_until_next(), REST_SECONDS_MIN))
            except AWAY as error:
                log.warning("relay.waits", error=type(error).__name__)
            except Exception:
                # The database may be restarting; the rows are still there when it is back.
                log.exception("relay.failed")
            await watch.look()
            with suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await bell.wait()


async def _hear(bell: asyncio.Event) -> None:
    async for _ in doorbell.rings():
        bell.set()


async def hand_over(broker: Broker) -> int:
    """Take one batch of what is due and send it; answers how many were taken.

    No more than the workers have room for: what waits in the broker longer than its lease would be sent again.
    """
    room = await asyncio.to_thread(broker.room)
    rows = await leases.take_due(min(room, BATCH)) if room else []
    live = [row for row in rows if row.parked_at is None]
    for row in rows:
        if row.parked_at is not None:
            log.error("reaction.parked", reaction=row.reaction, event_id=str(row.event_id))
    if live:
        await _send(broker, live)
    return len(rows)


async def _send(broker: Broker, rows: Sequence[Row[Any]]) -> None:
    """A broker may answer, and take nothing: one that is full, or a copy that only reads. What it did not take goes back."""
    try:
        await asyncio.to_thread(broker.send, [("react", (str(row.event_id), row.reaction)) for row in rows])
    except Exception:
        await leases.give_back(rows[broker.taken :])
        raise


class RelayWatch:
    """Says now and then that what is owed has waited for too long, whatever holds it up."""

    def __init__(self) -> None:
        self.told_at = -TOLD_LATE_EVERY_SECONDS

    async def look(self) -> None:
        if time.monotonic() < self.told_at + TOLD_LATE_EVERY_SECONDS:
            return
        try:
            async with reading() as db:
                now = await backlog.look(db)
        except Exception as error:
            log.warning("relay.sees_nothing", error=type(error).__name__)
            return
        if now.is_late:
            self.told_at = time.monotonic()
            log.error("reactions.late", seconds=round(now.oldest_seconds), count=now.waiting)
