"""Whatever the doors ask of a table that grows with people goes by an index: nobody waits longer because there are others."""

import re
import tomllib
from collections.abc import Sequence
from typing import Any

import asyncpg
import httpx2
import pytest
from graphql import NonNullTypeNode, OperationDefinitionNode, OperationType, VariableDefinitionNode, parse

from api.cli.bench import multiplying, plans
from api.cli.bench.plans import Scan
from api.main import app
from domain.actors import PartnerActor, Role
from domain.agreements import feed as agreements_feed
from domain.applications import applications
from domain.applications import feed as applications_feed
from domain.permissions import Scope
from infra import postgres_url, pruning
from infra.database import Db, transaction
from infra.entity import Entity
from infra.ids import new_id
from infra.paging import encode_cursor, page_of
from infra.settings import settings
from integrations.webhooks import backlog, listing, registering, settling, taking
from integrations.webhooks.deliveries import AttemptOutcome, WebhookDeliveryStatus
from integrations.webhooks.endpoints import WebhookStatus
from integrations.webhooks.posting import WebhookAnswer
from integrations.webhooks.settling import Attempted
from tests.api.doors import CONTRACT, Client, operations
from tests.api.people import apply_at, open_shop, staff_token
from tests.applying import AT_ONCE, BY_PARTNER, apply
from tests.domain.agreements.loans import open_loan
from tests.integrations.webhooks.hooks import happen, listen
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

EMPTY = "SELECT relname FROM pg_class WHERE relname = ANY($1) AND relkind = 'r' AND pg_relation_size(oid) = 0"

# What reads all of a table, by how the statement begins, and why it may.
WHOLE = {
    "SELECT tier_code, sum(members)::int": "Marketing's page of the tiers counts everybody, and nobody else waits for it.",
    **dict.fromkeys(
        (
            "SELECT (at AT",
            "SELECT (ended_at AT",
            "SELECT (used_at AT",
            "SELECT value_on, debit",
            "SELECT registered_on",
        ),
        "The tallies of all days: where people are many the worker counts them, and nobody waits.",
    ),
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

    found = await whole_reads(asked, big_tables())
    assert [scan for scan in found if not scan.statement.startswith(tuple(WHOLE))] == []


async def whole_reads(asked: Sequence[str], tables: Sequence[str]) -> list[Scan]:
    """Which of these statements would read all of one of these tables, if each of them were big."""
    connection = await asyncpg.connect(postgres_url.dsn(settings().database_url or ""))
    try:
        async with connection.transaction():
            await connection.execute(FORGET, tables)
            await connection.execute(PRETEND, tables, ROWS)
            found = await plans.scans(connection, asked, set(tables))
            chosen = await choices(connection, asked, found)
            found = [scan for scan in found if scan not in chosen]
            seen = await plans.scans(connection, [f"SELECT count(*) FROM {tables[0]}"], {tables[0]})
            raise Undone
    except Undone:
        pass
    finally:
        await connection.close()
    assert [scan.table for scan in seen] == [tables[0]], "a whole read is noticed"
    return found


async def choices(connection: "asyncpg.Connection[Any]", asked: Sequence[str], found: Sequence[Scan]) -> list[Scan]:
    """Scans of tables that nobody has filled yet, of which Postgres reads all by choice, and would use an index of a big one."""
    empty = {name for (name,) in await connection.fetch(EMPTY, list({scan.table for scan in found}))}
    await connection.execute("SET LOCAL enable_seqscan = off")
    forced = await plans.scans(connection, asked, empty) if empty else []
    await connection.execute("SET LOCAL enable_seqscan = on")
    return [scan for scan in found if scan.table in empty and scan not in forced]


async def test_what_is_forgotten_by_night_is_read_off_an_index_oldest_first(db: Db) -> None:
    with statements() as sent:
        for stored_as in pruning.stale():
            await pruning.one_batch(db, stored_as)
    asked = [each for each in sent if each.startswith("DELETE")]
    assert len(asked) == sum(map(len, pruning.stale().values())) > 10
    for statement, found in (await steps_of(asked)).items():
        assert found[-2:] in (["LockRows", "Index Scan"], ["Index Scan", "Tid Scan"]), (statement, found)


async def test_what_waits_for_its_place_in_a_feed_is_read_off_an_index_in_that_order() -> None:
    shop = await open_shop()
    actor = PartnerActor(shop.partner.id, "client", scopes=frozenset({Scope.APPLICATIONS}))
    application = await apply_at(shop)
    async with transaction() as db:
        agreement = await open_loan(db, partner_id=shop.partner.id)
    with statements() as sent:
        assert [each.id for each in (await applications_feed.page(actor, None, None, first=1, after=None)).items] == [
            application.id
        ]
        assert [each.id for each in (await agreements_feed.page(actor, None, first=1, after=None)).items] == [
            agreement.id
        ]
    asked = [each for each in sent if "SKIP LOCKED" in each]
    assert list((await steps_of(asked)).values()) == [["Limit", "LockRows", "Index Scan"]] * 2


async def steps_of(asked: Sequence[str]) -> dict[str, list[str]]:
    """How Postgres goes about each, by indexes wherever it can, however few rows lie in a table just now."""
    connection = await asyncpg.connect(postgres_url.dsn(settings().database_url or ""))
    try:
        for name in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
            await connection.execute(f"SET {name} = off")
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        return {each: re.findall(r"'Node Type': '(.*?)'", str(await plans._plan(connection, each))) for each in asked}
    finally:
        await connection.close()


WEBHOOKS = ["webhook_endpoints", "webhook_deliveries", "webhook_attempts", "webhook_secrets"]


async def test_webhooks_are_sent_and_listed_by_indexes_however_many_there_are() -> None:
    shop = await open_shop()
    actor = PartnerActor(shop.partner.id, "client")
    with statements() as sent:
        endpoint, _ = await listen(shop, "https://shop.example/longan")
        await happen(await apply_at(shop), applications.SUBMITTED, applications.APPROVED)
        for outcome in (AttemptOutcome.REFUSED, AttemptOutcome.DELIVERED):
            taken = await taking.take(1, 1, {endpoint: 0})
            await settling.settle([Attempted(each, WebhookAnswer(outcome, 200)) for each in taken])
        async with transaction() as db:
            await backlog.look(db)
            for status in (None, *WebhookDeliveryStatus):
                for of in (None, endpoint):
                    own, id = await listing.listed(db, actor, endpoint_id=of, status=status)
                    await page_of(db, own, [id], first=5, after=encode_cursor([new_id()]), newest_first=True)
        async with transaction() as db:
            await registering.update(
                db, actor, endpoint, url=None, unsafe=None, event_types=None, status=WebhookStatus.LIVE
            )
        async with transaction() as db:
            await registering.delete(db, actor, endpoint)
    asked = [each for each in dict.fromkeys(sent) if plans.READS.match(each) and "webhook_" in each]
    assert len(asked) > 25, "or this test says nothing"
    assert await whole_reads(asked, WEBHOOKS) == []


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
