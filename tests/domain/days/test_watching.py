"""What is told of days: how many wait, since when, and how much of the book is late."""

from datetime import date, timedelta

from sqlalchemy import update

from domain.agreements.agreements import Agreement
from domain.days import alarms
from domain.days.buckets import Bucket, buckets
from infra.database import Db
from tests.days import begin_day, pass_days, pass_days_until
from tests.domain.agreements.loans import open_loan, pay_out
from tests.trying import rolled_back


async def nobody_else(db: Db) -> None:
    """For this transaction, no other test's agreement waits or is late."""
    await db.execute(update(Agreement).values(next_on=None, bucket=0))


async def test_a_day_is_late_once_its_agreements_wait_for_two_hours() -> None:
    async with rolled_back() as db:
        await begin_day(db, date(2027, 1, 31))
        await nobody_else(db)
        agreement = await open_loan(db)
        await pay_out(db, agreement, 1_200_00)
        assert (await alarms.look(db)).waiting == 0
        await pass_days_until(db, date(2027, 2, 25), agreement.user_id)  # when it is told to be due soon
        await begin_day(db, date(2027, 2, 28))
        await db.flush()
        seen = await alarms.look(db)
        assert (seen.on, seen.waiting, seen.oldest_seconds, seen.is_late) == (date(2027, 2, 28), 1, 300, False)
        await begin_day(db, date(2027, 3, 1))
        seen = await alarms.look(db)
        assert (seen.waiting, seen.oldest_seconds, seen.is_late) == (1, 86_400 + 300, True)
        await pass_days(db, 1, agreement.user_id)
        seen = await alarms.look(db)
        assert (seen.waiting, seen.oldest_seconds, seen.is_late) == (0, 0, False)


async def test_buckets_count_agreements_and_all_that_is_owed_on_them() -> None:
    async with rolled_back() as db:
        await begin_day(db, date(2027, 1, 1))
        await nobody_else(db)
        book = [await open_loan(db, rate="0"), await open_loan(db, rate="0", currency="JPY")]
        for agreement in book:
            await pay_out(db, agreement, 1_200_00)
        people = [each.user_id for each in book]
        await pass_days(db, 31 + 7, *people)
        await db.flush()
        late = [Bucket(1, 2, {"CNY": 1_200_00, "JPY": 1_200_00})]
        assert await buckets(db) == late + [Bucket(days, 0, {}) for days in (8, 31, 61, 91)]
        await pass_days(db, 1, *people)
        await db.flush()
        assert [(each.days, each.agreements) for each in await buckets(db)] == [
            (1, 0),
            (8, 2),
            (31, 0),
            (61, 0),
            (91, 0),
        ]
        assert book[0].next_on == date(2027, 2, 1) + timedelta(days=28)
