"""A real Postgres and a real Valkey for all tests, migrated once. Commits are real, so each test makes its own people."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

# Settings are read when the rooms are imported, so the servers come first.
_folder = Path(tempfile.mkdtemp(prefix="longan-test-"))
os.environ["LONGAN_VAR"] = str(_folder)
for _name in ("LONGAN_DATABASE_URL", "LONGAN_VALKEY_URL", "LONGAN_ENVIRONMENT"):
    os.environ.pop(_name, None)

from infra import cache, database, embedded, migrations  # noqa: E402
from infra.database import Db  # noqa: E402
from infra.settings import settings  # noqa: E402


@pytest.fixture(scope="session")
def servers() -> Iterator[embedded.Servers]:
    with embedded.servers(_folder, durable=False) as pair:
        yield pair
    shutil.rmtree(_folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
async def house(servers: embedded.Servers) -> AsyncIterator[None]:
    """The whole house, wired and seeded, on an empty database."""
    os.environ["LONGAN_DATABASE_URL"] = servers.database_url
    os.environ["LONGAN_VALKEY_URL"] = servers.valkey_url
    settings.cache_clear()
    from api import wiring

    await asyncio.to_thread(migrations.upgrade, servers.database_url)
    await wiring.seed()
    yield
    await database.close_engine()
    await cache.close_valkey()


@pytest.fixture
async def db() -> AsyncIterator[Db]:
    """A transaction that is rolled back: for reading, and for what nobody else need see."""
    async with database.reading() as db:
        yield db
