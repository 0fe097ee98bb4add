"""The webhook sender's way in: from Postgres to partners' servers, until it is told to stop. It needs no broker."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from api.until_stopped import until_stopped
from integrations.webhooks.sender import Sender

# Names are looked up in threads, and one whose name server hangs keeps its thread for half a minute.
LOOKUPS_AT_ONCE = 256


async def main() -> None:
    names = ThreadPoolExecutor(LOOKUPS_AT_ONCE, thread_name_prefix="names")
    asyncio.get_running_loop().set_default_executor(names)
    await until_stopped(lambda: Sender().run())


if __name__ == "__main__":
    asyncio.run(main())
