"""Writing many rows at once: Postgres' COPY, inside the transaction that is open."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import orjson
from sqlalchemy import Enum, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from infra.entity import Entity


async def copy_in(db: AsyncSession, kind: type[Entity], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write new rows of one table. All name the same columns; the others stay NULL or take the database's default."""
    if not rows:
        return
    table, columns = cast(Table, kind.__table__), list(rows[0])
    plain = [_plain(table.c[column].type) for column in columns]
    records = [tuple(write(row[column]) for column, write in zip(columns, plain, strict=True)) for row in rows]
    connection = await (await db.connection()).get_raw_connection()
    driver = connection.driver_connection
    assert driver is not None
    # SQLAlchemy begins its transaction with its first statement; COPY goes past it and must lie inside.
    assert driver.is_in_transaction(), "read or write something in this transaction first"
    await driver.copy_records_to_table(table.name, records=records, columns=columns)


def _plain(type: TypeEngine[Any]) -> Callable[[Any], Any]:
    """How a value of this type goes past SQLAlchemy to the driver."""
    match type:
        case JSONB():
            return lambda value: None if value is None else orjson.dumps(value).decode()
        case Enum():
            return lambda value: None if value is None else value.name
    return lambda value: value
