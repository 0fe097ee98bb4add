"""Writing many rows at once: Postgres' COPY, or one statement of arrays, inside the transaction that is open."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, cast

import orjson
from sqlalchemy import Enum, Table, TextClause, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from infra.entity import Entity

POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]


async def copy_in(db: AsyncSession, kind: type[Entity], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write new rows of one table. All name the same columns; the others stay NULL or take the database's default."""
    if not rows:
        return
    table, columns = cast(Table, kind.__table__), _columns(kind, rows)
    connection = await (await db.connection()).get_raw_connection()
    driver = connection.driver_connection
    assert driver is not None
    # SQLAlchemy begins its transaction with its first statement; COPY goes past it and must lie inside.
    assert driver.is_in_transaction(), "read or write something in this transaction first"
    records = list(zip(*columns.values(), strict=True))
    await driver.copy_records_to_table(table.name, records=records, columns=list(columns))


async def put_in(db: AsyncSession, kind: type[Entity], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows that may be there, in one statement: those with the same key take these values."""
    if rows:
        await db.execute(_put(kind, tuple(rows[0])), _columns(kind, rows))


async def add_in(db: AsyncSession, kind: type[Entity], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows that may be there, in one statement: what is there by any of the table's keys stays as it is."""
    if rows:
        await db.execute(_added(kind, tuple(rows[0])), _columns(kind, rows))


@lru_cache(64)
def _put(kind: type[Entity], columns: tuple[str, ...]) -> TextClause:
    key = [column.name for column in cast(Table, kind.__table__).primary_key]
    new = [f"{_quoted(name)} = EXCLUDED.{_quoted(name)}" for name in columns if name not in key]
    return text(f"{_insert(kind, columns)} ON CONFLICT ({', '.join(map(_quoted, key))}) DO UPDATE SET {', '.join(new)}")


@lru_cache(64)
def _added(kind: type[Entity], columns: tuple[str, ...]) -> TextClause:
    return text(f"{_insert(kind, columns)} ON CONFLICT DO NOTHING")


def _insert(kind: type[Entity], columns: tuple[str, ...]) -> str:
    table = cast(Table, kind.__table__)
    arrays = [f"CAST(:{name} AS {table.c[name].type.compile(POSTGRES)}[])" for name in columns]
    names = ", ".join(map(_quoted, columns))
    return f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({', '.join(arrays)})"  # noqa: S608 - our own words alone


def _quoted(name: str) -> str:
    return POSTGRES.identifier_preparer.quote(name)


def _columns(kind: type[Entity], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The values column by column, as they go past SQLAlchemy to the driver."""
    found = {column: [row[column] for row in rows] for column in rows[0]}
    for column, values in found.items():
        plain = _plain(cast(Table, kind.__table__).c[column].type)
        if plain is not None:
            found[column] = [None if value is None else plain(value) for value in values]
    return found


def _plain(type: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """How a value of this type is written for the driver; None where it goes as it is."""
    match type:
        case JSONB():
            return lambda value: orjson.dumps(value).decode()
        case Enum():
            return _NAME
    return None


_NAME = attrgetter("name")
