"""The relay's way in: from the outbox to the worker, until it is told to stop. It knows names of reactions, never the rooms."""

import asyncio
import signal

from infra import cache, database, relay, telemetry
from infra.broker import Broker
from infra.worker import make_sender


async def main() -> None:
    telemetry.configure_logging()
    loop, running = asyncio.get_running_loop(), asyncio.current_task()
    assert running is not None
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, running.cancel)
    database.open_engine(pool=3)
    database.open_reads(pool=2)
    try:
        await relay.run(Broker(make_sender()))
    except asyncio.CancelledError:
        pass
    finally:
        await database.close_engine()
        await cache.close_valkey()


if __name__ == "__main__":
    asyncio.run(main())
