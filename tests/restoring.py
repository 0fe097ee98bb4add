"""What everybody sees, put back as it was when a test has changed it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Table, Update, delete, select, tuple_, update

from infra.database import Db, reading, transaction
from infra.entity import Entity
from tests.tampering import tamper

CLASSES = {mapper.class_.__tablename__: mapper.class_ for mapper in Entity.registry.mappers}


@asynccontextmanager
async def as_they_were(*names: str) -> AsyncIterator[None]:
    """The rows of these tables: those that are new afterwards go, and the others are what they were."""
    tables = [Entity.metadata.tables[name] for name in names]
    async with reading() as db:
        before = {table: (await db.execute(select(table))).mappings().all() for table in tables}
    try:
        yield
    finally:
        for table, rows in before.items():
            async with transaction() as db:
                if hasattr(CLASSES[table.name], "__record__"):
                    await tamper(db)
                await _put_back(db, table, rows)


async def _put_back(db: Db, table: Table, rows: Sequence[Mapping[Any, Any]]) -> None:
    key = tuple(table.primary_key.columns)
    kept = [tuple(row[column.name] for column in key) for row in rows]
    await db.execute(delete(table).where(tuple_(*key).not_in(kept)))
    for row in rows:
        await db.execute(_as_it_was(table, row))


def _as_it_was(table: Table, row: Mapping[Any, Any]) -> Update:
    mine = [column == row[column.name] for column in table.primary_key.columns]
    return update(table).where(*mine).values({name: value for name, value in row.items() if name != "shelved_in"})
