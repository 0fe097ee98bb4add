"""Whatever the doors ask of a table that grows with people goes by an index: nobody waits longer because there are others."""

import tomllib

import asyncpg
import httpx2
import pytest
from graphql import NonNullTypeNode, OperationDefinitionNode, OperationType, VariableDefinitionNode, parse

from api.cli.bench import multiplying, plans
from api.main import app
from domain.actors import Role
from infra import postgres_url
from infra.entity import Entity
from infra.settings import settings
from tests.api.doors import CONTRACT, Client, operations
from tests.api.people import open_shop, staff_token
from tests.applying import AT_ONCE, BY_PARTNER, apply
from tests.phones import Phone
from tests.statements import statements

ROWS = 10_000_000.0
# As if each of these tables had so many rows; taken back with the transaction. An empty one would be read at once whatever is
# said of it, unless Postgres takes it for one that was filled since it was counted.
PRETEND = """
UPDATE pg_class SET
  reltuples = CASE pg_relation_size(oid) WHEN 0 THEN -1 ELSE $2 END,
  relpages = pg_relation_size(oid) / current_setting('block_size')::int
WHERE relname = ANY($1) AND relkind = 'r' AND relnamespace = 'public'::regnamespace
"""

# What Postgres counted of the rows that other tests left says nothing of a table so big.
FORGET = "DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM pg_class WHERE relname = ANY($1))"

# What reads all of a table, by how the statement begins, and why it may.
WHOLE = {
    "SELECT members.tier_code, count(*)": "Marketing's page of the tiers counts everybody, and nobody else waits for it."
}


def big_tables() -> list[str]:
    return [table.name for table in Entity.metadata.sorted_tables if multiplying.of_person(table) is not None]


def questions(audience: str) -> list[str]:
    """The names of the contract's queries that are built, and ask for nothing in particular."""
    owed = tomllib.loads((CONTRACT / "not_built.toml").read_text("utf-8")).get(audience, {}).get("documents", [])
    return [
        each.name.value
        for each in parse((CONTRACT / f"{audience}.graphql").read_text("utf-8")).definitions
        if isinstance(each, OperationDefinitionNode) and each.operation is OperationType.QUERY and each.name
        if each.name.value not in owed and not any(map(is_needed, each.variable_definitions or ()))
    ]


def is_needed(variable: VariableDefinitionNode) -> bool:
    return isinstance(variable.type, NonNullTypeNode) and variable.default_value is None


@pytest.mark.usefixtures("longan")
async def test_nothing_reads_a_whole_table_that_grows_with_people() -> None:
    sent = await everything_asked()
    asked = [each for each in dict.fromkeys(sent) if plans.READS.match(each) and not plans.CATALOGUE.search(each)]
    assert len(asked) > 50, "or this test says nothing"

    connection = await asyncpg.connect(postgres_url.dsn(settings().database_url or ""))
    try:
        async with connection.transaction():
            await connection.execute(FORGET, big_tables())
            await connection.execute(PRETEND, big_tables(), ROWS)
            found = await plans.scans(connection, asked, set(big_tables()))
            seen = await plans.scans(connection, ["SELECT count(*) FROM users"], {"users"})
            raise Undone
    except Undone:
        pass
    finally:
        await connection.close()
    assert [scan.table for scan in seen] == ["users"], "a whole read is noticed"
    assert [scan for scan in found if not scan.statement.startswith(tuple(WHOLE))] == []


async def everything_asked() -> list[str]:
    """The statements of one person's way to two applications, and of every query that their contract, a partner's and the
    console's have."""
    shop, token = await open_shop(), await staff_token(Role.RISK)
    # In this task, so that what it sends is heard.
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=settings().public_url, timeout=60) as http:
        with statements() as sent:
            person = Phone(http)
            await person.sign_in()
            await person.tell(birthDate="1990-01-01", monthlyIncome={"amount": "9000.00", "currency": "CNY"})
            await person.link("wechat")
            await person.settle()
            await apply(person, AT_ONCE)
            await apply(person, BY_PARTNER)
            for name in questions("app"):
                await person.post(operations("app")[name])
            for client in (Client(http, "partner", shop.token), Client(http, "console", token)):
                for name in questions(client.audience):
                    await client.post(operations(client.audience)[name])
        return sent


class Undone(Exception):
    """Nothing that was pretended stays."""
