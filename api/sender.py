"""The webhook sender's way in: from Postgres to partners' servers, until it is told to stop. It needs no broker."""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor

import uvloop

from infra import cache, database, telemetry
from integrations.webhooks.sender import Sender

# Names are looked up in threads, and one whose name server hangs keeps its thread for half a minute.
LOOKUPS_AT_ONCE = 256


async def main() -> None:
    telemetry.configure_logging()
    loop, running = asyncio.get_running_loop(), asyncio.current_task()
    assert running is not None
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, running.cancel)
    loop.set_default_executor(ThreadPoolExecutor(LOOKUPS_AT_ONCE, thread_name_prefix="names"))
    database.open_engine(pool=3)
    database.open_reads(pool=2)
    try:
        await Sender().run()
    except asyncio.CancelledError:
        pass
    finally:
        await database.close_engine()
        await cache.close_valkey()


if __name__ == "__main__":
    uvloop.run(main())
