"""A program that works until it is told to stop, with servers of its own."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from infra import cache, database, telemetry
from infra.migrations.standing import wait_for_tables


async def until_stopped(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """SIGTERM and SIGINT cancel `work`, which then ends what it has under way."""
    telemetry.configure_logging()
    loop, running = asyncio.get_running_loop(), asyncio.current_task()
    assert running is not None
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, running.cancel)
    database.open_engine(pool=3)
    database.open_reads(pool=2)
    try:
        await wait_for_tables()
        await work()
    except asyncio.CancelledError:
        pass
    finally:
        await database.close_engine()
        await cache.close_valkey()
