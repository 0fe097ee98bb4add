"""Many people made of a few real ones, inside Postgres: each row of theirs again and again, under new ids.

What is sealed stays as it was, so it has its right length and opens for nobody; what must be nobody else's is made anew.
Every table with a person in it takes part, whoever added it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from sqlalchemy import LargeBinary, Table, Text, UniqueConstraint, Uuid

from api.story import Step
from infra import postgres_url
from infra.entity import Entity

# A new id for the n-th copy: rows of one kind follow each other in their indexes, as ids that hold their time do.
FUNCTIONS = """
CREATE FUNCTION pg_temp.another(old uuid, n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS
  $$ SELECT (left(md5(old::text), 8) || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.another(old bytea, n bigint) RETURNS bytea IMMUTABLE LANGUAGE sql AS
  $$ SELECT substring(sha256(old || int8send(n)) FROM 1 FOR greatest(length(old), 16)) $$;
"""
TOGETHER = 5_000  # copies of one person by one statement


async def multiply(
    url: str,
    people: Sequence[UUID],
    count: int,
    step: Step,
    *,
    without: frozenset[str] = frozenset(),
    at_once: int = 1,
    seconds_max: float | None = None,
) -> None:
    """Write `count` more people, each one of these again, but for the tables `without`; over `at_once` connections.

    After `seconds_max` it leaves it at what is written, of each of these about as many.
    """
    tables = [table for table in Entity.metadata.sorted_tables if of_person(table) is not None]
    tables = [table for table in tables if table.name not in without]
    ends = time.monotonic() + seconds_max if seconds_max else None
    together = max(1, min(TOGETHER, -(-count // len(people))))
    pieces = deque(
        (number, start) for start in range(0, count, together * len(people)) for number in range(len(people))
    )
    made = _Made(step, count)

    async def work() -> None:
        connection = await asyncpg.connect(postgres_url.dsn(url), command_timeout=600)
        try:
            # No trigger and no foreign key is asked: what is copied kept them already.
            await connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
            await connection.execute(FUNCTIONS)
            while pieces and (ends is None or time.monotonic() < ends):
                number, start = pieces.popleft()
                first = start + number * together
                await _copy(connection, tables, people[number], first, min(first + together, count))
                made.more(max(0, min(first + together, count) - first))
        finally:
            await connection.close()

    await asyncio.gather(*(work() for _ in range(at_once)))
    connection = await asyncpg.connect(postgres_url.dsn(url), command_timeout=600)
    try:
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


@dataclass
class _Made:
    """How many people are written, over all connections."""

    step: Step
    count: int
    people: int = 0

    def more(self, people: int) -> None:
        self.people += people
        self.step.at(self.people, self.count, "people")


async def _copy(connection: asyncpg.Connection, tables: Sequence[Table], person: UUID, first: int, end: int) -> None:
    """Write the person again for each number from `first` on, before `end`."""
    if first >= end:
        return
    own = await _own_ids(connection, tables, person)
    for table in tables:
        await connection.execute(_statement(table), person, own, first, end - 1)


def of_person(table: Table) -> str | None:
    """Which rows are of the person $1, in SQL; None where a table knows nobody."""
    if table.name == "users":
        return "t.id = $1"
    if "user_id" in table.c:
        return "t.user_id = $1"
    if table.name == "receipts":
        return "t.actor = 'user:' || ($1::uuid)::text"
    for key in table.foreign_keys:
        if "user_id" in key.column.table.c and key.column.name == "id":
            return f"t.{key.parent.name} IN (SELECT id FROM {key.column.table.name} WHERE user_id = $1)"  # noqa: S608
    return None


async def _own_ids(connection: asyncpg.Connection, tables: Sequence[Table], person: UUID) -> list[UUID]:
    """Theirs and those of their rows: what else is named, as a product, is everybody's."""
    own = {person}
    for table in tables:
        if "id" in table.c and isinstance(table.c.id.type, Uuid):
            asked = f"SELECT t.id FROM {table.name} t WHERE {of_person(table)}"  # noqa: S608
            own |= {row["id"] for row in await connection.fetch(asked, person)}
    return list(own)


def _statement(table: Table) -> str:
    columns = [column.name for column in table.columns if column.computed is None]
    alone = {name for names in _unique(table) for name in names}
    told = ", ".join(_value(table, name, alone) for name in columns)
    return (
        f"INSERT INTO {table.name} ({', '.join(map(_quoted, columns))}) SELECT {told} "  # noqa: S608
        f"FROM {table.name} t, generate_series($3::bigint, $4::bigint) n "
        f"WHERE {of_person(table)} AND $2::uuid[] IS NOT NULL ORDER BY n"
    )


def _unique(table: Table) -> list[list[str]]:
    """The columns of each key that no two rows share."""
    indexes = [[column.name for column in index.columns] for index in table.indexes if index.unique]
    constraints = [[c.name for c in each.columns] for each in table.constraints if isinstance(each, UniqueConstraint)]
    return [[column.name for column in table.primary_key], *indexes, *constraints]


def _value(table: Table, name: str, alone: set[str]) -> str:
    kind, column = table.c[name].type, f"t.{_quoted(name)}"
    if isinstance(kind, Uuid):
        return f"CASE WHEN {column} = ANY($2::uuid[]) THEN pg_temp.another({column}, n) ELSE {column} END"
    if name in alone and isinstance(kind, LargeBinary):
        return f"pg_temp.another({column}, n)"
    if table.name == "receipts" and name == "actor" and isinstance(kind, Text):
        return "'user:' || pg_temp.another($1::uuid, n)::text"
    if table.name == "movements" and name == "ref":
        return f"CASE WHEN {column} = ANY($2::uuid[]::text[]) THEN pg_temp.another({column}::uuid, n)::text ELSE {column} END"
    return column


def _quoted(name: str) -> str:
    return f'"{name}"'
