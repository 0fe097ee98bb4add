"""The relay: hands what is due to Celery, wakes by the bell, and sweeps for what a crash left."""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from celery import Celery
from kombu.exceptions import OperationalError
from sqlalchemy import Row, text

from infra import doorbell, schedules
from infra.database import reading, transaction
from infra.settings import settings

BATCH = 200
ATTEMPTS_MAX = 14  # with the leases below, about two hours
LEASE_SECONDS = 5
log = structlog.get_logger()

# The lease grows with each attempt, so one mechanism retries what failed and finds again what a crash or a broker lost.
TAKE_DUE = text(
    """
    UPDATE event_reactions AS owed
       SET attempts = owed.attempts + 1,
           due_at = longan_now() + make_interval(secs => least(:lease * power(2, owed.attempts), 900)),
           parked_at = CASE WHEN owed.attempts >= :most THEN longan_now() END
      FROM (SELECT event_id, reaction FROM event_reactions
             WHERE handled_at IS NULL AND parked_at IS NULL AND due_at <= longan_now()
             ORDER BY due_at LIMIT :batch FOR UPDATE SKIP LOCKED) AS due
     WHERE owed.event_id = due.event_id AND owed.reaction = due.reaction
    RETURNING owed.event_id, owed.reaction, owed.parked_at
    """
)
SECONDS_TO_NEXT = text(
    "SELECT extract(epoch FROM min(due_at) - longan_now()) FROM event_reactions WHERE handled_at IS NULL AND parked_at IS NULL"
)


async def run(celery: Celery) -> None:
    """Relay until cancelled. Any number of relays may run: rows are taken with SKIP LOCKED."""
    bell = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_hear(bell))
        while True:
            bell.clear()
            try:
                if await schedules.is_due():
                    await asyncio.to_thread(_send, celery, [("announce_due", ())])
                while await hand_over(celery) == BATCH:
                    pass
            except (TimeoutError, OSError, OperationalError) as error:
                log.warning("relay.waits", error=type(error).__name__)
            except Exception:
                # The database may be restarting; the rows are still there when it is back.
                log.exception("relay.failed")
            try:
                await asyncio.wait_for(bell.wait(), settings().relay_sweep_seconds)
            except TimeoutError:
                continue


async def _hear(bell: asyncio.Event) -> None:
    async for _ in doorbell.rings():
        bell.set()


async def hand_over(celery: Celery) -> int:
    """Take one batch of what is due and send it; answers how many were taken."""
    rows = await take_due()
    live = [("react", (str(row.event_id), row.reaction)) for row in rows if row.parked_at is None]
    for row in rows:
        if row.parked_at is not None:
            log.error("reaction.parked", reaction=row.reaction, event_id=str(row.event_id))
    if live:
        await asyncio.to_thread(_send, celery, live)
    return len(rows)


async def take_due() -> list[Row[Any]]:
    async with transaction() as db:
        values = {"lease": LEASE_SECONDS, "most": ATTEMPTS_MAX, "batch": BATCH}
        return list((await db.execute(TAKE_DUE, values)).all())


async def seconds_to_next() -> float | None:
    """How long until the next reaction is due; None when nothing is owed."""
    async with reading() as db:
        seconds: float | None = (await db.execute(SECONDS_TO_NEXT)).scalar_one()
    return None if seconds is None else float(seconds)


def _send(celery: Celery, tasks: Sequence[tuple[str, tuple[str, ...]]]) -> None:
    with celery.producer_pool.acquire(block=True, timeout=5) as producer:
        for name, args in tasks:
            celery.send_task(name, args, producer=producer, retry=False)
