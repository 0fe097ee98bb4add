"""One time for everybody: the database's, frozen for a transaction, moved for all at once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from infra import clock
from infra.clock import begins, local_day
from infra.database import Db, reading, transaction
from infra.ids import new_id
from infra.settings import settings
from tests.clocks import Clock
from tests.patience import SECONDS_MAX
from tests.phones import Phone
from tests.trying import rolled_back


async def test_stands_still_for_a_transaction(db: Db) -> None:
    first = await clock.now(db)
    await db.execute(text("SELECT pg_sleep(0.02)"))
    assert await clock.now(db) == first
    assert first.utcoffset() == timedelta(0)


async def test_is_about_what_the_wall_says(db: Db) -> None:
    assert abs(await clock.now(db) - datetime.now(UTC)) < timedelta(seconds=SECONDS_MAX)


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Asia/Shanghai", "2026-11-27T15:59:59Z", date(2026, 11, 27)),
        ("Asia/Shanghai", "2026-11-27T16:00:00Z", date(2026, 11, 28)),
        ("Asia/Shanghai", "2026-11-28T00:10:00+08:00", date(2026, 11, 28)),
        ("America/Los_Angeles", "2026-11-28T07:59:59Z", date(2026, 11, 27)),
        ("America/Los_Angeles", "2026-11-28T08:00:00Z", date(2026, 11, 28)),
        ("America/Los_Angeles", "2026-07-01T07:00:00Z", date(2026, 7, 1)),
        ("UTC", "2026-12-31T23:59:59Z", date(2026, 12, 31)),
    ],
)
def test_a_day_is_the_products_day(monkeypatch: pytest.MonkeyPatch, zone: str, moment: str, day: date) -> None:
    monkeypatch.setattr(settings(), "time_zone", zone)
    at = datetime.fromisoformat(moment)
    assert local_day(at) == day
    assert begins(day) <= at < begins(day + timedelta(days=1))
    assert local_day(begins(day)) == day


def test_a_time_without_a_zone_lies_in_no_day() -> None:
    with pytest.raises(AssertionError, match="without a zone"):
        local_day(datetime(2026, 11, 28))


async def test_moves_for_every_connection_and_for_sql(clock: Clock) -> None:
    before = await clock.now()
    await clock.forward(days=400, hours=1)
    assert timedelta(0) <= await clock.now() - before - timedelta(days=400, hours=1) < timedelta(seconds=SECONDS_MAX)
    async with reading() as db:
        in_sql = (await db.execute(text("SELECT longan_now()"))).scalar_one()
    assert in_sql - before > timedelta(days=400)


async def test_moves_within_the_transaction_that_moves_it() -> None:
    async with rolled_back() as db:
        before = await clock.now(db)
        await clock.advance(db, timedelta(hours=1))
        assert await clock.now(db) == before + timedelta(hours=1)


async def test_goes_back_when_that_is_undone() -> None:
    async def now() -> datetime:
        async with transaction() as db:
            return await clock.now(db)

    before = await now()
    async with rolled_back() as db:
        await clock.advance(db, timedelta(days=9))
    assert await now() - before < timedelta(seconds=SECONDS_MAX)


@pytest.mark.parametrize(
    ("asked", "moved"),
    [
        ("PT1H", timedelta(hours=1)),
        ("P1DT2H3M4S", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("PT0.5S", timedelta(seconds=0.5)),
    ],
)
async def test_the_dev_clock_moves_it(phone: Phone, clock: Clock, asked: str, moved: timedelta) -> None:
    before = datetime.fromisoformat((await phone.http.get("/dev/clock")).json()["now"])
    answer = await phone.http.post("/dev/clock", json={"advance": asked})
    assert (
        timedelta(0) <= datetime.fromisoformat(answer.json()["now"]) - before - moved < timedelta(seconds=SECONDS_MAX)
    )


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{}", b"[]", b'{"advance": 1}', b'{"advance": "P"}', b'{"advance": "-PT1H"}', b"{"),
        b'{"advance": "P3654D"}',
        *(b'{"advance": "PT%sS"}' % digits for digits in (b"9" * 20, b"9" * 400)),
    ],
)
async def test_the_dev_clock_refuses_what_is_no_duration(phone: Phone, body: bytes) -> None:
    assert (await phone.http.post("/dev/clock", content=body)).status_code == 400


def test_ids_grow_with_time() -> None:
    made = [new_id() for _ in range(2000)]
    assert made == sorted(made)
    assert {id.version for id in made} == {7}
