"""The webhook sender's way in: from Postgres to partners' servers, until it is told to stop. It needs no broker."""

import asyncio

from api.until_stopped import until_stopped
from integrations.webhooks.sender import Sender


async def main() -> None:
    await until_stopped(lambda: Sender().run())


if __name__ == "__main__":
    asyncio.run(main())
