"""A program of newer code waits for its tables, and one of older code works on newer ones."""

import asyncio

import orjson
import pytest
from sqlalchemy import text

from infra import database, embedded
from infra.migrations import standing
from infra.migrations.standing import NEWEST, wait_for_tables
from infra.settings import settings
from tests.logs import Lines
from tests.patience import until


async def test_it_says_once_what_it_waits_for_and_goes_on_when_it_is_there(
    servers: embedded.Servers, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.close_engine()
    mark, said = lines.mark(), f"this release needs {NEWEST}: longan migrate"
    with monkeypatch.context() as patch:
        patch.setattr(settings(), "database_url", servers.create_database("without_tables"))
        patch.setattr(standing, "LOOK_AGAIN_SECONDS", 0.01)
        waiting = asyncio.create_task(wait_for_tables())
        await until(lambda: said in lines.since(mark) or waiting.done())
        async with database.transaction() as db:
            await db.execute(text("CREATE TABLE alembic_version (version_num text)"))
            await db.execute(text("INSERT INTO alembic_version VALUES ('0001')"))
        assert await asyncio.wait([waiting], timeout=0.1) == (set(), {waiting})
        async with database.transaction() as db:
            await db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await waiting
        await database.close_engine()
        # Whether it answers at all is no question of tables.
        patch.setattr(settings(), "database_url", "postgresql+asyncpg://nobody@127.0.0.1:1/none")
        await wait_for_tables()
        await database.close_engine()
    servers.drop_database("without_tables")
    told = [each for each in map(orjson.loads, lines.since(mark).splitlines()) if each["event"] == "tables.awaited"]
    assert [each["reason"] for each in told] == [f"the tables are at nothing, and {said}"]
