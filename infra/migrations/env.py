"""Alembic's way in. The metadata is that of the rooms that were imported before."""

import asyncio

from alembic import context
from alembic.migration import MigrationContext
from sqlalchemy import Connection, event, text

from infra.database import make_engine
from infra.entity import Entity
from infra.migrations import LOCK_SECONDS
from infra.migrations.standing import NEWEST

LOCK = 7_205_759_403_792_793  # any number that nothing else locks: two machines that start at once take turns

# Not those that a rebuilding left, which has the index itself still.
HALF_MADE = text(
    """
    SELECT quote_ident(relname) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE NOT indisvalid AND relkind = 'i' AND relnamespace = current_schema()::regnamespace AND relname !~ '_cc(new|old)\\d*$'
    """
)


def migrate(connection: Connection) -> None:
    connection.execute(text("SET statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
    at = MigrationContext.configure(connection).get_current_revision() or ""
    connection.commit()
    if at > NEWEST:
        return  # whoever went back a release finds newer tables, which keep what it needs
    _finish_indexes(connection)
    event.listen(connection, "begin", _give_up_soon)
    # One transaction each: what is done stays done where a later one has to wait, and no lock is kept for the next.
    context.configure(
        connection, target_metadata=Entity.metadata, compare_server_default=True, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()


def _finish_indexes(connection: Connection) -> None:
    """Whoever was ended while an index was made concurrently left half of it. It helps nobody, and passes for the whole where one
    is made that is not there yet."""
    half_made = connection.scalars(HALF_MADE).all()
    connection.commit()
    connection.execution_options(isolation_level="AUTOCOMMIT")
    for name in half_made:
        connection.exec_driver_sql(f"REINDEX INDEX CONCURRENTLY {name}")
    connection.commit()
    connection.execution_options(isolation_level=connection.default_isolation_level)


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
