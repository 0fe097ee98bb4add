"""A feed of changes misses nothing, however commits fall, and goes on after a dump is restored elsewhere."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import BigInteger, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from domain.actors import PartnerActor
from domain.applications import feed
from domain.applications.applications import Application, ApplicationStatus
from domain.permissions import Scope
from infra import clock, database, embedded, feeds
from infra.database import Db, reading, transaction
from infra.entity import Entity
from infra.ids import new_id
from infra.paging import page_of
from infra.reads import Reads
from tests.statements import statements

ORDER = [Application.feed_position, Application.id]
Seen = list[tuple[UUID, str]]


async def apply(db: Db, partner_id: UUID) -> Application:
    now = await clock.now(db)
    made = Application(
        user_id=new_id(),
        product_id=new_id(),
        partner_id=partner_id,
        amount=100_00,
        currency="CNY",
        term_months=3,
        status=ApplicationStatus.SUBMITTED,
        promised_by=now,
        created_at=now,
        updated_at=now,
    )
    db.add(made)
    await db.flush()
    return made


async def applied(partner_id: UUID) -> Application:
    async with transaction() as db:
        return await apply(db, partner_id)


async def change(db: Db, row: Application, status: ApplicationStatus) -> None:
    mine = await db.get_one(Application, (row.user_id, row.id))
    mine.status = status
    await db.flush()


class Reader:
    """Pages through a partner's feed, and keeps its cursor as a partner does."""

    def __init__(self, partner_id: UUID, after: str | None = None) -> None:
        self.actor = PartnerActor(partner_id=partner_id, client_id="reader", scopes=frozenset({Scope.APPLICATIONS}))
        self.after = after

    async def read(self, first: int = 3) -> Seen:
        await feed.PAGES.settle(self.actor.partner_id)
        async with reading() as db:
            return await self.page(db, first)

    async def page(self, db: AsyncSession, first: int = 100) -> Seen:
        page = await page_of(db, feed.PAGES.changes(self.actor.partner_id), ORDER, first=first, after=self.after)
        self.after = page.end
        return [(row.id, row.status.value) for row in page.items]


@pytest.fixture
def partner_id() -> UUID:
    return new_id()


async def test_a_change_that_commits_late_is_read_late_and_not_missed(partner_id: UUID) -> None:
    reader = Reader(partner_id)
    async with AsyncExitStack() as open_ones:
        late_db = await open_ones.enter_async_context(transaction())
        late = await apply(late_db, partner_id)
        async with transaction() as db:
            early = await apply(db, partner_id)
        assert await reader.read() == [(early.id, "SUBMITTED")]
        assert await reader.read() == []
    assert await reader.read() == [(late.id, "SUBMITTED")]


@pytest.mark.parametrize("goes_on_from", ["when it asked", "the newest that it got"])
async def test_whoever_asks_by_time_misses_no_change_that_commits_late(partner_id: UUID, goes_on_from: str) -> None:
    actor = Reader(partner_id).actor

    async def read(since: datetime | None) -> tuple[Seen, datetime]:
        async with reading() as db:
            asked_at = await clock.now(db)
        page = await feed.page(actor, None, since, first=10, after=None)
        newest = max([row.updated_at for row in page.items], default=asked_at)
        seen = [(row.id, row.status.value) for row in page.items]
        return seen, asked_at if goes_on_from == "when it asked" else newest

    async with AsyncExitStack() as open_ones:
        late_db = await open_ones.enter_async_context(transaction())
        late = await apply(late_db, partner_id)
        async with transaction() as db:
            early = await apply(db, partner_id)
        seen, since = await read(None)
        assert seen == [(early.id, "SUBMITTED")]
        assert late.updated_at < since
    again = [(early.id, "SUBMITTED")] if goes_on_from == "the newest that it got" else []
    assert (await read(since))[0] == [*again, (late.id, "SUBMITTED")]
    async with transaction() as db:
        timely = await apply(db, partner_id)
    # What nobody could have read before keeps its time.
    assert (await read(timely.updated_at))[0] == [(timely.id, "SUBMITTED")]
    async with reading() as db:
        assert (await db.get_one(Application, (timely.user_id, timely.id))).updated_at == timely.updated_at


async def test_times_only_grow_in_the_order_of_places(partner_id: UUID) -> None:
    """Whoever goes on from the newest time of a page, before they read the next, misses nothing of it."""
    reader = Reader(partner_id)
    async with AsyncExitStack() as open_ones:
        late_db = await open_ones.enter_async_context(transaction())
        late = await apply(late_db, partner_id)
        early = [await applied(partner_id) for _ in range(2)]
        assert await reader.read() == [(row.id, "SUBMITTED") for row in early]
    timely = await applied(partner_id)
    since, seen = None, list[UUID]()
    for _ in range(3):
        page = await feed.page(reader.actor, None, since, first=2, after=None)
        seen += [row.id for row in page.items if row.id not in seen]
        since = max(row.updated_at for row in page.items)
    assert seen == [*(row.id for row in early), timely.id, late.id]


async def test_a_read_by_time_asks_two_things_where_nothing_waits(partner_id: UUID) -> None:
    async with transaction() as db:
        row = await apply(db, partner_id)
    actor = Reader(partner_id).actor
    for since, asked in ((None, None), (None, 2), (row.updated_at, 2)):
        with statements() as sent:
            page = await feed.page(actor, None, since, first=10, after=None)
        assert [each.id for each in page.items] == [row.id]
        assert asked in (None, len(sent)), sent


async def test_a_row_that_is_being_changed_holds_up_nobody(partner_id: UUID) -> None:
    async with transaction() as db:
        one, other = await apply(db, partner_id), await apply(db, partner_id)
    reader = Reader(partner_id)
    async with transaction() as db:
        await change(db, one, ApplicationStatus.DECLINED)
        assert await reader.read() == [(other.id, "SUBMITTED")]
    assert await reader.read() == [(one.id, "DECLINED")]


async def test_each_change_moves_a_row_to_the_end_once(partner_id: UUID) -> None:
    async with transaction() as db:
        rows = [await apply(db, partner_id) for _ in range(3)]
    reader = Reader(partner_id)
    assert len(await reader.read()) == 3
    for status in (ApplicationStatus.DELAYED, ApplicationStatus.APPROVED):
        async with transaction() as db:
            await change(db, rows[0], status)
        assert await reader.read() == [(rows[0].id, status.value)]
        assert await reader.read() == []


async def test_what_changed_first_comes_first_wherever_its_row_lies(partner_id: UUID) -> None:
    async with transaction() as db:
        later, earlier = await apply(db, partner_id), await apply(db, partner_id)
        later.updated_at += timedelta(minutes=1)
    assert await Reader(partner_id).read() == [(earlier.id, "SUBMITTED"), (later.id, "SUBMITTED")]


@pytest.mark.parametrize("seed", range(4))
async def test_readers_miss_nothing_while_writers_commit_in_any_order(partner_id: UUID, seed: int) -> None:
    dice, last, done = random.Random(seed), dict[UUID, str](), asyncio.Event()

    async def write() -> None:
        row: Application | None = None
        for status in (ApplicationStatus.SUBMITTED, ApplicationStatus.DELAYED, ApplicationStatus.DECLINED):
            async with transaction() as db:
                if row is None:
                    row = await apply(db, partner_id)
                else:
                    await change(db, row, status)
                for _ in range(dice.randrange(4)):
                    await db.execute(text("SELECT pg_sleep(0.002)"))
            last[row.id] = status.value

    async def follow() -> dict[UUID, str]:
        reader, seen, is_last = Reader(partner_id), dict[UUID, str](), False
        while True:
            page = await reader.read(first=2)
            seen.update(page)
            if not page and is_last:
                return seen
            is_last = done.is_set()

    async def follow_by_time() -> dict[UUID, str]:
        actor, since, seen, is_last = Reader(partner_id).actor, None, dict[UUID, str](), False
        while True:
            page, before = await feed.page(actor, None, since, first=100, after=None), dict(seen)
            seen.update((row.id, row.status.value) for row in page.items)
            since = max([row.updated_at for row in page.items], default=since)
            if seen == before and is_last:
                return seen
            is_last = done.is_set()

    followers = [asyncio.create_task(follows()) for follows in (follow, follow, follow_by_time, follow_by_time)]
    await asyncio.gather(*(write() for _ in range(8)))
    done.set()
    for seen in await asyncio.gather(*followers):
        assert seen == last


async def test_a_full_batch_is_followed_by_the_next(partner_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "BATCH", 2)
    async with transaction() as db:
        made = {(await apply(db, partner_id)).id for _ in range(5)}
    assert {id for id, _ in await Reader(partner_id).read(first=10)} == made


async def test_cursors_of_before_go_on_working(partner_id: UUID) -> None:
    async with transaction() as db:
        old = [await apply(db, partner_id) for _ in range(2)]
        for number, row in enumerate(old):
            row.feed_position = 700 + number  # as the transactions of before were counted
    reader = Reader(partner_id)
    async with reading() as db:
        assert await reader.page(db, first=1) == [(old[0].id, "SUBMITTED")]
    async with transaction() as db:
        new = await apply(db, partner_id)
    assert await reader.read() == [(old[1].id, "SUBMITTED"), (new.id, "SUBMITTED")]


async def test_a_server_with_a_slow_clock_gives_no_place_out_twice(partner_id: UUID) -> None:
    async with transaction() as db:
        ahead = 2**62
        db.add(feeds.FeedHead(feed="applications", reader_id=partner_id, position=ahead))
        row = await apply(db, partner_id)
    await Reader(partner_id).read()
    async with reading() as db:
        assert (await db.get_one(Application, (row.user_id, row.id))).feed_position == ahead + 1


@pytest.fixture
async def younger(servers: embedded.Servers, tmp_path: Path) -> AsyncIterator[embedded.Servers]:
    """A fresh server, whose transactions are counted from the beginning again."""
    opened = embedded.servers(tmp_path, durable=False)
    pair = await asyncio.to_thread(opened.__enter__)
    yield pair
    await asyncio.to_thread(opened.__exit__, None, None, None)


async def test_a_dump_restored_into_a_younger_server_is_read_whole(
    servers: embedded.Servers, younger: embedded.Servers, partner_id: UUID, tmp_path: Path
) -> None:
    async with transaction() as db:
        before = [await apply(db, partner_id) for _ in range(5)]
    reader = Reader(partner_id)
    assert len(await reader.read(first=2)) == 2
    async with transaction() as db:
        unplaced = await apply(db, partner_id)
    dump = str(tmp_path / "dump")
    source, target = servers.postgres, younger.postgres
    as_us = ["--username=postgres", f"--host={source.sockets}"]
    await asyncio.to_thread(source.run, "pg_dump", *as_us, "--format=custom", f"--file={dump}", embedded.DATABASE)
    there = ["--username=postgres", f"--host={target.sockets}", f"--dbname={embedded.DATABASE}"]
    await asyncio.to_thread(target.run, "pg_restore", *there, dump)

    engine = create_async_engine(younger.database_url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_sessions", async_sessionmaker(engine, expire_on_commit=False))
        patch.setattr(database, "_reads", async_sessionmaker(engine, class_=Reads, expire_on_commit=False))
        rest = await reader.read(first=100)
        whole = await Reader(partner_id).read(first=100)
    await engine.dispose()
    everything = {row.id for row in (*before, unplaced)}
    assert {id for id, _ in whole} == everything
    assert len(rest) == 4 and rest[-1] == (unplaced.id, "SUBMITTED")


def test_no_column_holds_a_number_of_a_transaction() -> None:
    """They belong to one server: a restored copy or a second node would read them as another time."""
    found = [
        f"{table.name}.{column.name}"
        for table in Entity.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, BigInteger)
        and any(
            "xact" in str(getattr(default, "arg", ""))
            for default in (column.server_default, column.onupdate, column.default)
        )
    ]
    assert found == []
