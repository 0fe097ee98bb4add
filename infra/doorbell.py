"""The wake-up after a commit: tells the relay that there is work, and open subscriptions that a person's things changed."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import orjson
import structlog
from redis.exceptions import RedisError

from infra.cache import Away, answered, valkey

CHANNEL = "longan:bell"
log = structlog.get_logger()

_waiting: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)
_untold: set[UUID | None] = set()
_ringing: asyncio.Task[None] | None = None


async def ring(announced: Iterable[UUID | None]) -> None:
    """One message for all events of a transaction, given as the users that they are about.

    A bell that cannot be rung loses nothing: the relay sweeps, and subscriptions look again by themselves.
    """
    users = set(announced)
    if users:
        await _publish([str(user) for user in users if user])


async def ring_beside(announced: Iterable[UUID | None]) -> None:
    """Ring soon, for whoever must not wait: what is announced until then is told in one message.

    Only in a loop that goes on running. `rung` waits until all of it was told.
    """
    global _ringing
    _untold.update(announced)
    if _untold and (_ringing is None or _ringing.done()):
        _ringing = asyncio.create_task(_ring_untold())


async def rung() -> None:
    if _ringing is not None:
        await asyncio.wait({_ringing})


async def _ring_untold() -> None:
    while _untold:
        told = [*_untold]
        _untold.clear()
        await ring(told)


async def ring_everywhere() -> None:
    """Wake all, as when the clock was moved."""
    await _publish(None)


async def _publish(users: list[str] | None) -> None:
    try:
        await answered(lambda: valkey().publish(CHANNEL, orjson.dumps(users)))
    except Away as error:
        log.warning("doorbell.silent", error=str(error))


async def rings() -> AsyncIterator[list[UUID] | None]:
    """Each ring, as the users that it is about; None for all, as after Valkey was away and rings may have been missed."""
    while True:
        try:
            async with valkey().pubsub() as heard:
                await heard.subscribe(CHANNEL)
                while True:
                    message = await heard.get_message(timeout=1)
                    _end_if_cancelled()
                    if message is not None:
                        yield _users(message)
        except (RedisError, OSError) as error:
            log.warning("doorbell.lost", error=type(error).__name__)
            _end_if_cancelled()
            await asyncio.sleep(1)


def _end_if_cancelled() -> None:
    # The client swallows a cancellation that comes while it connects; whoever cancelled would wait for us for ever.
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _users(message: dict[str, Any]) -> list[UUID] | None:
    # The client mends a lost connection by itself; all that we hear of it is that we are subscribed anew.
    users = None if message["type"] == "subscribe" else orjson.loads(message["data"])
    return None if users is None else [UUID(user) for user in users]


async def listen() -> None:
    """Wake this process's waiting subscriptions; runs as long as the web app does."""
    async for users in rings():
        for user in list(_waiting) if users is None else users:
            for event in _waiting.get(user, ()):
                event.set()


@asynccontextmanager
async def waiting_for(user_id: UUID) -> AsyncIterator[asyncio.Event]:
    """An event that is set whenever something of this user's changed."""
    event = asyncio.Event()
    _waiting[user_id].add(event)
    try:
        yield event
    finally:
        _waiting[user_id].discard(event)
        if not _waiting[user_id]:
            del _waiting[user_id]
