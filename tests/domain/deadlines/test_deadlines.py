"""Deadlines: what was promised and is not done is told once, shown until it is done, and never where it was done in time."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import func, select

from domain.agreements.draw_downs import PAID_OUT_WITHIN, DrawDown
from domain.agreements.drawing import PayoutOutcome, conclude
from domain.deadlines import deadlines, working_days
from domain.deadlines.deadlines import Deadline
from domain.notices.notices import Notice
from infra import clock
from infra.clock import local_moment
from infra.database import Db
from infra.hindsight import stand_at
from infra.outbox import Event
from tests.domain.agreements.loans import open_loan, send
from tests.trying import rolled_back


async def look(db: Db, drawn: DrawDown) -> Deadline:
    """As the worker does when it is due, twice."""
    deadline = (await db.execute(select(Deadline).where(Deadline.subject_id == drawn.id))).scalar_one()
    due = (await db.execute(select(Event).where(Event.subject_id == deadline.id))).scalars().first()
    assert due is not None and due.name == deadlines.DUE
    for _ in range(2):
        await deadlines.miss(db, due)
    missed = select(Event).where(Event.subject_id == deadline.id, Event.name == deadlines.MISSED)
    for event in (await db.execute(missed)).scalars():
        await deadlines.tell_deadline_missed(db, event)
    return deadline


async def told(db: Db, drawn: DrawDown) -> int:
    its = select(func.count()).where(Notice.user_id == drawn.user_id, Notice.code == "payout_late")
    return (await db.execute(its)).scalar_one()


async def test_a_payout_that_nobody_reports_is_told_once_and_shown_until_it_is_reported() -> None:
    async with rolled_back() as db:
        before = await deadlines.count_missed(db)
        agreement = await open_loan(db)
        drawn = await send(db, agreement, 100_00)
        await stand_at(db, drawn.sent_at + PAID_OUT_WITHIN - timedelta(seconds=1))
        assert (await look(db, drawn)).missed_at is None
        await stand_at(db, drawn.sent_at + PAID_OUT_WITHIN)
        missed = await look(db, drawn)
        assert missed.missed_at == drawn.sent_at + PAID_OUT_WITHIN
        assert (await told(db, drawn), missed.about_id) == (1, agreement.id)
        assert (await deadlines.count_missed(db))[0] == before[0] + 1
        assert missed in await deadlines.missed(db, 1_000)
        await conclude(db, drawn.user_id, drawn.id, PayoutOutcome.SETTLED, None)
        assert (await deadlines.count_missed(db))[0] == before[0]
        await db.refresh(missed)
        assert missed.ended_at == await clock.now(db)


@pytest.mark.parametrize("outcome", PayoutOutcome)
async def test_one_that_was_reported_in_time_is_not_missed(outcome: PayoutOutcome) -> None:
    async with rolled_back() as db:
        agreement = await open_loan(db)
        drawn = await send(db, agreement, 100_00)
        await conclude(db, drawn.user_id, drawn.id, outcome, None)
        await stand_at(db, drawn.sent_at + 2 * PAID_OUT_WITHIN)
        deadline = await look(db, drawn)
        await db.refresh(deadline)
        assert (deadline.missed_at, deadline.ended_at, await told(db, drawn)) == (None, drawn.ended_at, 0)


@pytest.mark.parametrize(
    ("day", "count", "wanted"),
    [
        (date(2026, 9, 30), 7, date(2026, 10, 15)),  # over the National Day's week, and a Saturday that is worked
        (date(2026, 2, 13), 1, date(2026, 2, 14)),  # a Saturday before the Spring Festival
        (date(2026, 2, 14), 1, date(2026, 2, 24)),
        (date(2026, 6, 5), 7, date(2026, 6, 16)),
        (date(2026, 6, 5), 0, date(2026, 6, 5)),
    ],
)
def test_working_days_are_those_that_are_worked_in_china(day: date, count: int, wanted: date) -> None:
    assert working_days.after(day, count) == wanted


def test_so_many_working_days_end_with_the_last_of_them() -> None:
    noon = local_moment(date(2026, 6, 5), time(12))
    assert working_days.end_after(noon, 7) == clock.begins(date(2026, 6, 17))
