"""The relay: hands what is due to Celery, wakes by the bell, and sweeps for what a crash left."""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from celery import Celery
from kombu.exceptions import ChannelError, OperationalError
from sqlalchemy import Row, text

from infra import doorbell, schedules
from infra.database import transaction
from infra.settings import settings
from infra.worker import QUEUE

BATCH = 200
WAITING_MAX = 400
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
    """Take one batch of what is due and send it; answers how many were taken.

    No more than the workers have room for: what waits in the broker longer than its lease would be sent again.
    """
    room = await asyncio.to_thread(_room, celery)
    rows = await take_due(min(room, BATCH)) if room else []
    live = [("react", (str(row.event_id), row.reaction)) for row in rows if row.parked_at is None]
    for row in rows:
        if row.parked_at is not None:
            log.error("reaction.parked", reaction=row.reaction, event_id=str(row.event_id))
    if live:
        await asyncio.to_thread(_send, celery, live)
    return len(rows)


async def take_due(most: int = BATCH) -> list[Row[Any]]:
    async with transaction() as db:
        values = {"lease": LEASE_SECONDS, "most": ATTEMPTS_MAX, "batch": most}
        return list((await db.execute(TAKE_DUE, values)).all())


def _room(celery: Celery) -> int:
    """How many more may wait in the broker."""
    with celery.producer_pool.acquire(block=True, timeout=5) as producer:
        try:
            # A channel of its own: RabbitMQ closes the one that asked for what is not there.
            channel: Any
            with producer.connection.channel() as channel:  # type: ignore[union-attr]
                waiting: int = channel.queue_declare(QUEUE, passive=True).message_count
        except ChannelError:
            waiting = 0  # no queue yet; to Valkey an empty one is none
    return max(0, WAITING_MAX - waiting)


def _send(celery: Celery, tasks: Sequence[tuple[str, tuple[str, ...]]]) -> None:
    with celery.producer_pool.acquire(block=True, timeout=5) as producer:
        for name, args in tasks:
            celery.send_task(name, args, producer=producer, retry=False)
