"""Alembic's way in. The metadata is that of the rooms that were imported before."""

import asyncio

from alembic import context
from sqlalchemy import Connection, event, text

from infra.database import make_engine
from infra.entity import Entity
from infra.migrations import LOCK_SECONDS

LOCK = 7_205_759_403_792_793  # any number that nothing else locks: two machines that start at once take turns


def migrate(connection: Connection) -> None:
    connection.execute(text("SET statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
    connection.commit()
    event.listen(connection, "begin", _give_up_soon)
    # One transaction each: what is done stays done where a later one has to wait, and no lock is kept for the next.
    context.configure(
        connection, target_metadata=Entity.metadata, compare_server_default=True, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()


def _give_up_soon(connection: Connection) -> None:
    """Whoever comes after a migration that waits for a table waits too. Beside a transaction, where indexes are made
    concurrently, this says nothing, and nobody waits for those."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")


async def run() -> None:
    engine = make_engine(context.config.attributes["url"])
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        # A connection that failed still has the lock, and goes back to a pool that nobody would close.
        await engine.dispose()


asyncio.run(run())
