"""A worker that is killed in the middle of a day leaves what a worker that lives leaves, of every kind of agreement."""

import asyncio
import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from domain.agreements.agreements import Agreement, AgreementStatus
from domain.days import passing
from domain.days.days import Day, DayRange
from domain.market.kinds import ProductKind
from domain.runs.runs import RunState
from infra import clock, reacting
from infra.database import Db, reading, transaction
from infra.settings import settings
from tests.days import begin_day, day_passes
from tests.domain.agreements.begun import begin
from tests.domain.days.test_passing import rows_of
from tests.working import due_for

KINDS, LATE_DAYS = [*ProductKind] * 2, 40

KILLED_BEFORE_IT_COMMITS = """
import asyncio, os, signal, sys
from uuid import UUID
from api import wiring
from domain.days import passing
from infra import reacting

pass_for = passing.pass_for

async def pass_and_die(db, people):
    await pass_for(db, people)
    await db.flush()
    os.kill(os.getpid(), signal.SIGKILL)

passing.pass_for = pass_and_die
asyncio.run(reacting.react(UUID(sys.argv[1]), sys.argv[2]))
"""


async def test_a_worker_killed_in_the_middle_of_a_day_does_nothing_twice_and_forgets_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings(), "day_batch", 3)
    monkeypatch.setattr(settings(), "day_share", 1)
    async with transaction() as db:
        book, twins = await open_book(db), await open_book(db)
    await day_passes(*(each.user_id for each in twins))
    async with transaction() as db:
        day = await passing.begin(db, 1)
    while not (before := await statuses(book)).count(AgreementStatus.OVERDUE):
        await take_one(day)
    assert before.count(AgreementStatus.ACTIVE), "the day is in the middle"
    ((event_id, reaction),) = await due_for(day.id)
    child = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", KILLED_BEFORE_IT_COMMITS, str(event_id), reaction],
        env=os.environ | {"LONGAN_DAY_BATCH": "3", "LONGAN_DAY_SHARE": "1"},
    )
    assert (child.returncode, await statuses(book)) == (-9, before)

    while await due_for(day.id):
        await take_one(day)
    async with reading() as db:
        assert (await db.get_one(Day, day.id)).state is RunState.DONE
    assert await rows(book) == await rows(twins)
    await forget(day)


async def open_book(db: Db) -> list[Agreement]:
    """Agreements begun so long ago that something of each is late, and nobody has looked at them since."""
    today = await clock.today(db)
    await begin_day(db, today - timedelta(days=LATE_DAYS))
    book = [await begin(db, kind, 1_200_00 + number, rate="0.2139") for number, kind in enumerate(KINDS)]
    await begin_day(db, today)
    return book


async def take_one(day: Day) -> None:
    ((event_id, reaction),) = await due_for(day.id)
    await reacting.react(event_id, reaction)


async def statuses(book: list[Agreement]) -> list[AgreementStatus]:
    async with reading() as db:
        return [(await db.get_one(Agreement, (each.user_id, each.id))).status for each in book]


async def rows(book: list[Agreement]) -> list[Any]:
    async with reading() as db:
        return [await rows_of(db, await db.get_one(Agreement, (each.user_id, each.id))) for each in book]


async def forget(day: Day) -> None:
    """Other tests let their own today pass."""
    async with transaction() as db:
        await db.execute(delete(DayRange).where(DayRange.run_id == day.id))
        await db.execute(delete(Day).where(Day.id == day.id))
