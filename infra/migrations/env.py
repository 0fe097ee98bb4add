"""Alembic's way in. The metadata is that of the rooms that were imported before."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text

from infra.database import make_engine
from infra.entity import Entity

LOCK = 7_205_759_403_792_793  # any number that nothing else locks: two machines that start at once take turns


def migrate(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
    connection.commit()
    context.configure(connection, target_metadata=Entity.metadata, compare_server_default=True)
    with context.begin_transaction():
        context.run_migrations()


async def run() -> None:
    engine = make_engine(context.config.attributes["url"])
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


asyncio.run(run())
