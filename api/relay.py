"""The relay's way in: from the outbox to the worker, until it is told to stop. It knows names of reactions, never the rooms."""

import asyncio

from api.until_stopped import until_stopped
from infra import relay
from infra.broker import Broker
from infra.worker import make_sender


async def main() -> None:
    await until_stopped(lambda: relay.run(Broker(make_sender())))


if __name__ == "__main__":
    asyncio.run(main())
