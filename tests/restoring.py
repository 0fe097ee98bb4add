"""What everybody sees, put back as it was when a test has changed it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import Table, Update, delete, select, tuple_, update

from infra.database import reading, transaction
from infra.entity import Entity


@asynccontextmanager
async def as_they_were(*names: str) -> AsyncIterator[None]:
    """The rows of these tables: those that are new afterwards go, and the others are what they were."""
    tables = [Entity.metadata.tables[name] for name in names]
    async with reading() as db:
        before = {table: (await db.execute(select(table))).mappings().all() for table in tables}
    try:
        yield
    finally:
        async with transaction() as db:
            for table, rows in before.items():
                key = tuple(table.primary_key.columns)
                kept = [tuple(row[column.name] for column in key) for row in rows]
                await db.execute(delete(table).where(tuple_(*key).not_in(kept)))
                for row in rows:
                    await db.execute(_put_back(table, dict(row)))


def _put_back(table: Table, row: dict[str, object]) -> Update:
    mine = [column == row[column.name] for column in table.primary_key.columns]
    return update(table).where(*mine).values({name: value for name, value in row.items() if name != "shelved_in"})
