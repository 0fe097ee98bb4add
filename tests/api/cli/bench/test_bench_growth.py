"""Many people of a few real ones: each row again under new ids, nothing orphaned; and the log of statements is read right."""

import io
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from rich.console import Console
from sqlalchemy import ForeignKeyConstraint, Table, select, text

from api.cli.bench import growing, multiplying, plans
from api.cli.bench.account import _line
from api.cli.bench.costing import AccountCost
from api.cli.bench.multitudes import Grown, Home, Sizes
from api.cli.bench.plans import Scan
from api.cli.bench.serving.measuring import Median
from api.story import ConsoleStory
from domain.people.users import User
from infra import postgres_url
from infra.database import Db, reading, transaction
from infra.entity import Entity
from infra.settings import settings
from tests.applying import AT_ONCE, apply
from tests.phones import NewPhone

TABLES = [table for table in Entity.metadata.sorted_tables if multiplying.of_person(table) is not None]


def mine(table: Table) -> str:
    return (multiplying.of_person(table) or "").replace("$1::uuid", "CAST(:person AS uuid)").replace("$1", ":person")


async def rows_of(db: Db, person: UUID) -> dict[str, int]:
    found = {}
    for table in TABLES:
        counted = text(f"SELECT count(*) FROM {table.name} t WHERE {mine(table)}")
        found[table.name] = (await db.execute(counted, {"person": person})).scalar_one()
    return found


async def forget(people: Iterable[UUID]) -> None:
    """Copies of a person are nobody, and no other test should meet them."""
    async with transaction() as db:
        await db.execute(text("SET LOCAL session_replication_role = replica"))
        for person in people:
            for table in reversed(TABLES):
                await db.execute(text(f"DELETE FROM {table.name} t WHERE {mine(table)}"), {"person": person})


async def orphans(db: Db) -> list[str]:
    """The foreign keys that point nowhere."""
    found = []
    for table in TABLES:
        for key in table.constraints:
            if isinstance(key, ForeignKeyConstraint):
                pairs = [(each.parent.name, each.column.name) for each in key.elements]
                joined = " AND ".join(f"o.{there} = t.{here}" for here, there in pairs)
                missing = " AND ".join(f"t.{here} IS NOT NULL" for here, _ in pairs)
                other = f"SELECT 1 FROM {key.referred_table.name} o WHERE {joined}"
                asked = f"SELECT 1 FROM {table.name} t WHERE {missing} AND NOT EXISTS ({other}) LIMIT 1"
                if (await db.execute(text(asked))).first():
                    found.append(f"{table.name}: {pairs}")
    return found


@pytest.mark.usefixtures("models")
async def test_each_row_of_a_person_is_there_again(new_phone: NewPhone) -> None:
    person = await new_phone()
    await person.sign_in()
    await person.tell(birthDate="1990-01-01", monthlyIncome={"amount": "9000.00", "currency": "CNY"})
    await person.link("wechat")
    await person.settle()
    await apply(person, AT_ONCE)
    async with reading() as db:
        before, everybody = await rows_of(db, person.user_id), set((await db.execute(select(User.id))).scalars())
        sealed = (await db.get_one(User, person.user_id)).phone_sealed
    assert before["users"] == before["phones"] == before["linked_accounts"] == before["applications"] == 1
    assert min(before["receipts"], before["event_reactions"], before["scores"], before["readings"]) > 0

    with ConsoleStory(Console(file=io.StringIO())).step("People") as step:
        await multiplying.multiply(settings().database_url or "", [person.user_id], 3, step)

    async with reading() as db:
        copies = (await db.execute(select(User).where(User.id.not_in(everybody)))).scalars().all()
        told = [(await rows_of(db, copy.id), copy.phone_sealed) for copy in copies]
        after, lost = await rows_of(db, person.user_id), await orphans(db)
    await forget([copy.id for copy in copies])
    assert told == [(before, sealed)] * 3
    assert (after, lost) == (before, [])


def test_the_log_tells_each_statement_once_and_whole(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.write_text(
        "2026-11-28 12:00:00.000 UTC [1] LOG:  duration: 0.010 ms  statement: SELECT 0\n"
        "2026-11-28 12:00:00.000 UTC [1] LOG:  duration: 0.051 ms  execute __asyncpg_stmt_1__: SELECT id\n"
        "\tFROM users\n"
        "\tWHERE id = $1\n"
        "2026-11-28 12:00:00.001 UTC [1] LOG:  duration: 0.020 ms  execute __asyncpg_stmt_2__: SELECT id\n"
        "\tFROM users\n"
        "\tWHERE id = $1\n"
        "2026-11-28 12:00:00.002 UTC [1] LOG:  duration: 0.020 ms  statement: BEGIN;\n"
        "2026-11-28 12:00:00.003 UTC [1] LOG:  duration: 0.020 ms  statement: UPDATE users SET status = 'ACTIVE'\n"
        "2026-11-28 12:00:00.004 UTC [1] LOG:  duration: 0.020 ms  statement: SELECT 1 FROM pg_catalog.pg_type\n"
    )
    begins = log.read_bytes().index(b"2026-11-28 12:00:00.000 UTC [1] LOG:  duration: 0.051")
    assert plans.statements_in(log, begins) == [
        "SELECT id\nFROM users\nWHERE id = $1",
        "UPDATE users SET status = 'ACTIVE'",
    ]


async def test_a_plan_that_reads_all_of_a_big_table_is_named() -> None:
    connection = await asyncpg.connect(postgres_url.dsn(settings().database_url or ""))
    try:
        asked = ["SELECT count(*) FROM users WHERE status = $1::text", "SELECT 1"]
        assert await plans.scans(connection, asked, {"users"}) == [Scan("users", asked[0])]
        assert await plans.scans(connection, asked, {"phones"}) == []
    finally:
        await connection.close()


def test_what_grew_is_told_with_its_goal() -> None:
    home = Home("Home", 10.0, 12.0, 20.0, 30.0, Median(1.2, 1.1, 1.25))
    worse = Home("Home", 10.0, 14.0, 20.0, 30.0, Median(1.4, 1.1, 1.5))
    grown = Grown(Sizes(10_000, 1_000_000, 10_000, 60, 8), 100.0, 5.5, [home, worse], 90, [Scan("users", "SELECT 1")])
    lines = growing._lines(grown)
    assert "× 1.20 [1.10, 1.25], goal < 1.3 ✓" in lines[1] and "goal < 1.3 ✗" in lines[2]
    assert lines[-2:] == ["90 statements looked at; 1 of them read a whole big table", "  users: SELECT 1"]


def test_an_account_is_told_in_one_line() -> None:
    told = _line(AccountCost(30, 20_000, 0.456, 0.01, 12_345.0, {"readings": 4_000.0}))
    assert (
        told == "an account takes 0.46 s of one core from registration to decision, and lies in Postgres with 12.3 kB"
    )
