"""Transactions: one commit, or none; run again where Postgres broke one off; and never waiting for ever."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from infra import agreeing, connections, outbox
from infra.connecting import session_settings
from infra.database import Db, close_engine, make_engine, open_engine, reading, sqlstate, transact, transaction
from infra.events import declare
from infra.ids import new_id
from infra.keys import keyring
from infra.outbox import Event
from infra.settings import Settings, settings
from infra.vault import PersonKey, new_person_key
from tests.patience import SECONDS_MAX
from tests.statements import statements

NEVER, AGAIN = declare("test.never"), declare("test.again")


async def test_nothing_can_be_written_by_a_read() -> None:
    with pytest.raises(DBAPIError) as refused:
        async with reading() as db:
            await outbox.announce(db, NEVER, user_id=new_id())
    assert sqlstate(refused.value) == "25006"  # read_only_sql_transaction
    async with reading() as db:
        assert (await db.execute(select(Event).where(Event.name == NEVER))).first() is None


async def test_a_read_that_meets_a_dead_connection_is_asked_again_on_another() -> None:
    pids = text("SELECT pg_backend_pid()")
    async with reading() as db:
        before = await db.scalar(pids)
        event = await db.get(PersonKey, await _somebody())
        async with transaction() as other:
            await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": before})
        assert await db.scalar(pids) != before
        assert event is not None and event.version == keyring().sealing
    async with reading() as db:
        assert (await db.execute(text("SELECT 1"))).scalar_one() == 1


async def test_a_read_asks_for_nothing_but_what_is_read() -> None:
    with statements() as sent:
        async with reading() as db, transaction() as other:
            asked = text("SELECT query FROM pg_stat_activity WHERE pid = :pid")
            pid = await db.scalar(text("SELECT pg_backend_pid() -- ours"))
            assert await other.scalar(asked, {"pid": pid}) == sent[0]
        async with transaction() as other:
            assert await other.scalar(asked, {"pid": pid}) == sent[0]


async def _somebody() -> UUID:
    async with transaction() as db:
        key = new_person_key(new_id())
        db.add(key)
    return key.user_id


async def test_a_connection_tells_by_the_beginning_of_a_transaction_that_it_lives() -> None:
    engine, asked = make_engine(settings().database_url or "", pool_size=1, pool_pre_ping=True), list[str]()
    pid_of = text("SELECT pg_backend_pid()")
    async with engine.begin() as connection:
        before = await connection.scalar(pid_of)
        driver: Any = (await connection.get_raw_connection()).driver_connection
        driver.add_query_logger(lambda logged: asked.append(logged.query))
    async with engine.begin() as connection:
        assert await connection.scalar(pid_of) == before
    assert asked == ["COMMIT;", "BEGIN;", "COMMIT;"]  # besides what was prepared
    async with transaction() as other:
        await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": before})
    async with engine.begin() as connection:
        assert await connection.scalar(pid_of) != before
    await engine.dispose()


async def test_what_was_broken_off_for_concurrency_runs_again_whole() -> None:
    runs: list[int] = []

    async def work(db: Db) -> str:
        runs.append(1)
        await outbox.announce(db, AGAIN, subject_id=subject)
        if len(runs) < 3:
            code = ("40001", "40P01")[len(runs) - 1]
            await db.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '{code}'; END $$"))
        return "done"

    subject = new_id()
    assert await transact(work) == "done"
    assert len(runs) == 3
    async with reading() as db:
        written = (await db.execute(select(Event).where(Event.subject_id == subject))).scalars().all()
    assert len(written) == 1


async def test_two_that_lock_each_other_out_both_end() -> None:
    one, other = new_id(), new_id()
    async with transaction() as db:
        for user_id in (one, other):
            await db.execute(text("INSERT INTO facts_versions VALUES (:id, 0)"), {"id": user_id})
    met = asyncio.Barrier(2)
    runs = 0

    def crossing(first: object, second: object) -> object:
        async def work(db: Db) -> None:
            nonlocal runs
            runs += 1
            add = text("UPDATE facts_versions SET version = version + 1 WHERE user_id = :id")
            await db.execute(add, {"id": first})
            if runs <= 2:
                await met.wait()
            await db.execute(add, {"id": second})

        return work

    await asyncio.gather(transact(crossing(one, other)), transact(crossing(other, one)))  # type: ignore[arg-type]
    assert runs == 3
    async with reading() as db:
        versions = text("SELECT version FROM facts_versions WHERE user_id IN (:one, :other)")
        assert list((await db.execute(versions, {"one": one, "other": other})).scalars()) == [2, 2]


async def test_another_failure_is_not_tried_again() -> None:
    runs: list[int] = []

    async def work(db: Db) -> None:
        runs.append(1)
        await db.execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError) as failed:
        await transact(work)
    assert (sqlstate(failed.value), len(runs)) == ("22012", 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("statement_timeout", "15s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("TimeZone", "UTC"),
    ],
)
async def test_every_wait_has_an_end(db: Db, name: str, value: str) -> None:
    assert (await db.execute(text(f"SHOW {name}"))).scalar_one() == value


def test_there_is_one_engine() -> None:
    assert open_engine() is open_engine()


def test_behind_a_pooler_nothing_is_prepared_for_later_and_no_limit_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = session_settings(Settings())["server_settings"]
    assert alone["statement_timeout"] == "15000" and alone["lock_timeout"] == "10000"
    direct = "postgresql://longan@db/longan"
    pooled = Settings(
        database_pooled=True, database_url="postgresql://longan@pooler/longan", database_direct_url=direct
    )
    sent = session_settings(pooled, read_only=True)
    assert sent["server_settings"] == {"application_name": agreeing.mark(pooled), "timezone": "UTC"}
    assert (sent["statement_cache_size"], sent["prepared_statement_cache_size"]) == (0, 0)
    assert len({sent["prepared_statement_name_func"]() for _ in range(100)}) == 100
    assert pooled.migrations_url == direct
    assert Settings(database_url=direct).migrations_url == direct


def test_a_pooler_without_a_way_past_it_is_refused() -> None:
    with pytest.raises(ValueError, match="LONGAN_DATABASE_DIRECT_URL should name the way past the pooler"):
        Settings(database_pooled=True, database_direct_url=None)


@pytest.mark.parametrize("opened", [reading, transaction])
async def test_what_is_in_use_when_all_is_closed_closes_when_it_comes_back(opened: Callable[[], Any]) -> None:
    async with opened() as db:
        used = await db.scalar(text("SELECT pg_backend_pid()"))
        await close_engine()
    await is_gone(used)


async def test_a_question_that_is_under_way_when_all_is_closed_leaves_no_connection() -> None:
    asked = connections.connections()
    slow = asyncio.create_task(asked.fetch("SELECT pg_backend_pid() FROM pg_sleep(0.2)", []))
    await asyncio.sleep(0)
    connections.close()
    ((used,),) = await slow
    await is_gone(used)


async def is_gone(pid: int) -> None:
    alive = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            async with reading() as db:
                if not await db.scalar(alive, {"pid": pid}):
                    return
