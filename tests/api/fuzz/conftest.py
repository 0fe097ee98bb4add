"""A house of its own for strangers, in another process, whose loop is watched."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from infra.settings import settings
from tests.api.fuzz.house import PATH
from tests.patience import SECONDS_MAX
from tests.visiting import visitor

# So that a stranger's every document is read, validated and run: what is refused unread proves nothing.
BOUNDLESS = {
    "LONGAN_REQUEST_LIMITS__VISITOR_COST_PER_MINUTE": "1000000000",
    "LONGAN_TRUSTED_PROXIES": '["127.0.0.1"]',
    "LONGAN_SOCKET_LIMITS__PER_ADDRESS": "100000",
}


@dataclass
class House:
    port: int
    log: Path

    async def watch(self) -> Any:
        async with visitor() as http:
            return (await http.get(f"http://127.0.0.1:{self.port}{PATH}")).json()

    async def ask(self, written: bytes) -> bytes:
        """All that is answered; the house hangs up."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(written)
            return await asyncio.wait_for(reader.read(), SECONDS_MAX)
        except ConnectionError:
            return b""
        finally:
            writer.transport.abort()


@asynccontextmanager
async def house_of_strangers(folder: Path, **environment: str) -> AsyncIterator[House]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    told: Mapping[str, str] = {
        **os.environ,
        "LONGAN_DATABASE_URL": settings().database_url or "",
        "LONGAN_VALKEY_URL": settings().valkey_url or "",
        "LONGAN_PORT": str(port),
        "LONGAN_PUBLIC_URL": f"http://127.0.0.1:{port}",
        **environment,
    }
    house = House(port, folder / "house.log")
    with house.log.open("wb") as log:
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.api.fuzz.house", env=told, stdout=log, stderr=log
        )
    try:
        await _is_ready(house)
        yield house
    finally:
        program.terminate()
        await asyncio.wait_for(program.wait(), SECONDS_MAX)


async def _is_ready(house: House) -> None:
    async with asyncio.timeout(SECONDS_MAX), visitor() as http:
        while True:
            try:
                if (await http.get(f"http://127.0.0.1:{house.port}/readyz")).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.1)


@pytest.fixture(scope="session")
async def strangers(models: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house_of_strangers(tmp_path_factory.mktemp("strangers"), **BOUNDLESS) as house:
        yield house
