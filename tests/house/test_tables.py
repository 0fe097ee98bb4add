"""The migrations make what the models say, and nothing else."""

import asyncio
import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from api import main, worker  # noqa: F401 - everything that serves is imported, and so every table is known
from infra import embedded, migrations
from infra.entity import Entity

HOUSE = ("domain", "integrations", "membership", "ml")


def modules() -> Iterator[str]:
    for room in HOUSE:
        package = importlib.import_module(room)
        yield from (found.name for found in pkgutil.walk_packages(package.__path__, f"{room}."))


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_server_default": False})
    return list(compare_metadata(context, Entity.metadata))


async def test_the_migrations_make_what_the_models_say(servers: embedded.Servers) -> None:
    engine = create_async_engine(servers.database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


DEFINED = """
SELECT conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND contype <> 'n'
UNION ALL SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
 JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = 'public'::regnamespace
"""


async def test_indexes_and_constraints_are_those_of_the_models(servers: embedded.Servers) -> None:
    """To the letter, and so is what a partial index holds."""
    url = servers.create_database("modelled")
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Entity.metadata.create_all)
    await engine.dispose()
    modelled, migrated = await defined(url), await defined(servers.database_url)
    assert {name: (is_, migrated.get(name)) for name, is_ in modelled.items() if is_ != migrated.get(name)} == {}


async def defined(url: str) -> dict[str, str]:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        rows = (await connection.execute(text(DEFINED))).all()
    await engine.dispose()
    return {name: str(definition) for name, definition in rows}


def test_what_waits_in_a_feed_is_found_in_the_order_in_which_it_gets_its_place() -> None:
    """Else all that waits is sorted for each batch of it, and after an upgrade that is all there is."""
    in_feeds = [each for each in Entity.metadata.tables.values() if "feed_position" in each.columns]
    assert {each.name for each in in_feeds} >= {"agreements", "applications", "consents"}
    waiting = {str(index.name): [*index.columns.keys()] for each in in_feeds for index in each.indexes}
    wanted = {f"ix_{each.name}_unplaced": ["partner_id", "updated_at", "id"] for each in in_feeds}
    assert {name: waiting.get(name) for name in wanted} == wanted


def test_the_composition_root_knows_every_table() -> None:
    known = set(Entity.metadata.tables)
    for name in modules():
        importlib.import_module(name)
    assert set(Entity.metadata.tables) == known


async def test_down_and_up_again(servers: embedded.Servers) -> None:
    url = servers.create_database("migrated")
    await asyncio.to_thread(migrations.upgrade, url)
    await asyncio.to_thread(command.downgrade, migrations.configuration(url), "base")
    assert await tables(url) == {"alembic_version"}
    await asyncio.to_thread(migrations.upgrade, url)
    assert await tables(url) == {*Entity.metadata.tables, "alembic_version"}


async def test_a_migration_gives_up_a_table_that_is_in_use_and_goes_on_later(
    servers: embedded.Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "LOCK_SECONDS", 1)
    monkeypatch.setattr(migrations, "ATTEMPTS", 1)
    url = servers.create_database("locked")
    await asyncio.to_thread(migrations.upgrade, url, "0014")
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT FROM watch_snapshots"))  # and its transaction stays open
        with pytest.raises(migrations.Locked, match="Longan goes on as it was; run this again"):
            await asyncio.to_thread(migrations.upgrade, url, "0015")
        asked = text("SELECT version_num FROM alembic_version")
        assert (await connection.execute(asked)).scalar_one() == "0014"
    await engine.dispose()
    await asyncio.to_thread(migrations.upgrade, url, "0015")


async def test_an_index_that_was_left_half_made_is_made_whole(servers: embedded.Servers) -> None:
    url, index = servers.create_database("halved"), "WHERE indexrelid = 'ix_applications_id'::regclass"
    await asyncio.to_thread(migrations.upgrade, url, "0001")
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text(f"UPDATE pg_index SET indisvalid = false {index}"))
    await asyncio.to_thread(migrations.upgrade, url, "0001")
    async with engine.begin() as connection:
        assert (await connection.execute(text(f"SELECT indisvalid FROM pg_index {index}"))).scalar_one() is True
    await engine.dispose()


async def tables(url: str) -> set[str]:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    await engine.dispose()
    return set(names)
