"""How Postgres would answer what it was asked: the statements of its log, and which of them read a whole big table."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from infra.embedded.postgres import Postgres

BIG = 50_000  # rows
SENT = re.compile(r"LOG: +duration: [\d.]+ ms +(?:execute [^:\n]*|statement): ((?:.*)(?:\n\t.*)*)")
READS = re.compile(r"\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
CATALOGUE = re.compile(r"\bpg_(?:catalog|type|class|namespace|attribute)\b")
SHOWN = 300  # characters of a statement


@dataclass(frozen=True)
class Scan:
    """A statement that reads all of a big table."""

    table: str
    statement: str


@contextmanager
def logged(postgres: Postgres, database: str) -> Iterator[None]:
    """Sessions of this database that begin now have each statement logged, without what was given to it."""
    for name, value in (("log_min_duration_statement", "0"), ("log_parameter_max_length", "0")):
        postgres.sql(f'ALTER DATABASE "{database}" SET {name} = {value}')
    try:
        yield
    finally:
        postgres.sql(f'ALTER DATABASE "{database}" RESET ALL')


def statements_in(log: Path, begins: int = 0) -> list[str]:
    """Each different one that reads or writes rows of ours, from this byte of the log on."""
    with log.open("rb") as lines:
        lines.seek(begins)
        told = lines.read().decode(errors="replace")
    found = (sent.replace("\n\t", "\n").strip() for sent in SENT.findall(told))
    return list(dict.fromkeys(each for each in found if READS.match(each) and not CATALOGUE.search(each)))


async def big_tables(connection: asyncpg.Connection) -> set[str]:
    """Tables with very many rows, as Postgres counted them last."""
    asked = "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= $1"
    return {row["relname"] for row in await connection.fetch(asked, BIG)}


async def scans(connection: asyncpg.Connection, statements: Sequence[str], tables: set[str]) -> list[Scan]:
    """Plans of questions that Postgres would answer by reading all of one of these tables, whatever their parameters."""
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    return [
        Scan(table, _short(statement))
        for statement in statements
        for table in dict.fromkeys(_whole(await _plan(connection, statement)))
        if table in tables
    ]


async def _plan(connection: asyncpg.Connection, statement: str) -> dict[str, Any]:
    await connection.execute(f"PREPARE asked AS {statement}")
    given = await connection.fetchval(
        "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'asked'"
    )
    values = f"({', '.join(['NULL'] * given)})" if given else ""
    told = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked{values}")
    await connection.execute("DEALLOCATE asked")
    plan: dict[str, Any] = json.loads(told)[0]["Plan"]
    return plan


def _whole(plan: dict[str, Any]) -> Iterator[str]:
    """The tables that a plan reads from beginning to end."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for inner in plan.get("Plans", ()):
        yield from _whole(inner)


def _short(statement: str) -> str:
    text = " ".join(statement.split())
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"
