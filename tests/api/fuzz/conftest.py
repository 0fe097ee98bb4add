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
from tests.api.fuzz.requests import Stranger
from tests.patience import SECONDS_MAX
from tests.visiting import visitor

POOLS = 25  # connections that are kept, of the database and of Valkey
GROWN_BYTES_MAX = 60_000_000  # what is remembered on purpose: documents, answers about the schema, counts
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
            async with asyncio.timeout(SECONDS_MAX):
                return await reader.read()
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
        "LONGAN_PUBLIC_URL": settings().public_url,  # the same tokens are good at both
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
        async with asyncio.timeout(SECONDS_MAX):
            await program.wait()


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


@pytest.fixture
async def steady(strangers: House) -> AsyncIterator[House]:
    """Nothing is left of what the test did."""
    for asked in Stranger(1).requests(40):  # what the first of each kind loads stays loaded
        await strangers.ask(asked.written())
    before, mark = await strangers.watch(), strangers.log.stat().st_size
    yield strangers
    after = await _settled(strangers, before)
    assert after["resident"] - before["resident"] < GROWN_BYTES_MAX
    said = strangers.log.read_bytes()[mark:]
    assert b"Traceback" not in said
    assert b'"exception"' not in said, [line for line in said.splitlines() if b'"exception"' in line][:3]


async def _settled(house: House, before: dict[str, Any]) -> dict[str, Any]:
    """What is open is as much as it was."""
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            now: dict[str, Any] = await house.watch()
            is_closed = all(now[name] <= before[name] for name in ("tasks", "connections"))
            if is_closed and now["files"] <= before["files"] + POOLS:
                return now
            await asyncio.sleep(0.2)
