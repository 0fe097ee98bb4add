"""The doctor and the database: what stands before it, how far it is, and whether all who are connected have the same settings."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from api.cli.machine import databases
from infra import connecting, database, embedded, migrations
from infra.migrations.standing import NEWEST
from infra.settings import Settings

DAY = {"statement_timeout": "15s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "30s"}


@pytest.fixture(scope="module")
def url(servers: embedded.Servers) -> str:
    return servers.create_database("doctored")


def settings(url: str, **more: Any) -> Settings:
    return Settings(database_url=url, **more)


async def examine(url: str, **more: Any) -> dict[str, tuple[str, str, str]]:
    found = await asyncio.to_thread(databases.examine, settings(url, **more))
    return {each.what: (each.state, each.found, each.todo) for each in found}


async def run(url: str, *statements: str) -> None:
    engine = database.make_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


@pytest.fixture
async def role(url: str) -> AsyncIterator[str]:
    """Who connects; what the test sets of them is set here alone, and gone again afterwards."""
    engine = database.make_engine(url)
    async with engine.connect() as connection:
        name = (await connection.execute(text("SELECT quote_ident(current_user)"))).scalar_one()
    await engine.dispose()
    yield str(name)
    await run(url, f"ALTER ROLE {name} IN DATABASE doctored RESET ALL")


async def test_an_empty_database_is_told_to_migrate(url: str) -> None:
    state, found, todo = (await examine(url))["Postgres"]
    assert (state, todo) == ("wrong", "longan migrate")
    assert f"its tables are at nothing and not at {NEWEST}" in found


async def test_newer_tables_are_well_for_an_older_release(url: str) -> None:
    await run(url, "CREATE TABLE alembic_version (version_num text)", "INSERT INTO alembic_version VALUES ('9999')")
    try:
        state, found, _ = (await examine(url))["Postgres"]
        # Such tables are left as they are, by whoever migrates.
        await asyncio.to_thread(migrations.upgrade, url)
    finally:
        await run(url, "DROP TABLE alembic_version")
    assert (state, found.endswith(f"newer release: at 9999, where this one knows {NEWEST}")) == ("look", True)


async def test_a_role_behind_a_pooler_needs_the_limits_of_the_house(url: str, role: str) -> None:
    pooled = {"database_pooled": True, "database_direct_url": url}
    state, found, todo = (await examine(url, **pooled))["Limits"]
    assert state == "wrong"
    assert found.endswith("has no statement_timeout, no lock_timeout, no idle_in_transaction_session_timeout")
    assert f"ALTER ROLE {role} SET statement_timeout = 15000; ALTER ROLE {role} SET lock_timeout = 10000;" in todo
    await run(url, *(f"ALTER ROLE {role} IN DATABASE doctored SET {name} = '{value}'" for name, value in DAY.items()))
    assert (await examine(url, **pooled))["Limits"] == ("well", f"the role {role} has them", "")
    await run(url, f"ALTER ROLE {role} IN DATABASE doctored SET lock_timeout = '1min'")
    state, found, todo = (await examine(url, **pooled))["Limits"]
    assert (state, todo) == ("look", f"Once: ALTER ROLE {role} SET lock_timeout = 10000;")
    assert "a lock_timeout of 60 s and not 10 s" in found


async def test_without_a_pooler_each_connection_asks_for_its_limits(url: str) -> None:
    assert {"Limits", "Way past the pooler"}.isdisjoint(await examine(url))


async def test_the_way_past_a_pooler_leads_to_what_is_behind_it(url: str, servers: embedded.Servers) -> None:
    way = "Way past the pooler"
    found = await examine(url, database_pooled=True, database_direct_url=url)
    assert found[way] == ("well", "leads to the same database", "")
    found = await examine(url, database_pooled=True, database_direct_url=servers.database_url)
    assert found[way][:2] == ("wrong", "leads to another database")
    away = "postgresql+asyncpg://a:secret@127.0.0.1:1/x"
    found = await examine(url, database_pooled=True, database_direct_url=away)
    assert (found[way][0], found[way][2]) == ("wrong", "See LONGAN_DATABASE_DIRECT_URL")


def test_a_pooler_that_nobody_told_of_is_told() -> None:
    refused = Exception('unsupported startup parameter: "statement_timeout"')
    found = databases._no_answer("Postgres", refused, "See LONGAN_DATABASE_URL")
    assert (found.found, found.todo) == ("a pooler answers, which takes no limits", "Set LONGAN_DATABASE_POOLED=true")


async def test_a_process_with_other_settings_is_told(url: str) -> None:
    assert (await examine(url))["Processes"] == ("well", "0 are connected, with the settings of here", "")
    forgotten = settings(url, cost_cap=Decimal("0.2"), port=8001)
    engine = database.make_engine(url, connect_args=connecting.session_settings(forgotten))
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        state, found, todo = (await examine(url))["Processes"]
        alike = await examine(url, cost_cap=Decimal("0.2"))
    await engine.dispose()
    assert (state, found) == ("wrong", "some that are connected have other settings: money")
    assert "LONGAN_COST_CAP" in todo
    assert alike["Processes"] == ("well", "1 are connected, with the settings of here", "")
