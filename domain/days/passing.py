"""Passing: a day goes through all agreements that it does something to, a few people at a time, each few in one transaction.

It does to each what is missing by today: run twice, late, after days without a worker, or killed in the middle, it leaves the
same behind. Who draws or repays meanwhile books what is due themselves, and the day does what is left.
"""

import time
from collections.abc import Sequence
from uuid import UUID

import structlog
from sqlalchemy import select

from domain.agreements.agreements import Agreement
from domain.agreements.standings import standings
from domain.days.days import Day, DayRange
from domain.days.steps import STEPS
from domain.runs import running
from domain.runs.running import Pace, Work
from infra import clock
from infra.database import Db
from infra.events import declare
from infra.settings import settings

log = structlog.get_logger()
BATCH_DUE, DONE = declare("day.batch_due", range=int), declare("day.passed")


async def begin(db: Db, ranges: int | None = None) -> Day:
    """Let today pass through everybody's agreements; the worker does it."""
    return await running.begin(db, PASSING, Day(on=await clock.today(db), zone=clock.zone().key), ranges)


async def do_next_batch(db: Db, day_id: UUID, number: int) -> None:
    await running.do_next_batch(db, PASSING, day_id, number)


async def _batch(db: Db, day: Day, part: DayRange) -> UUID | None:
    cpu_began = time.process_time()
    people = await _whom(db, part)
    touched = await _pass_together(db, people)
    if touched is None:
        for user_id in people:
            one = await _pass_together(db, [user_id])
            part.touched += one or 0
            part.unreadable += one is None
    part.touched += touched or 0
    part.cpu_seconds += time.process_time() - cpu_began
    return people[-1] if len(people) == settings().day_batch else None


async def _whom(db: Db, part: DayRange) -> Sequence[UUID]:
    due = select(Agreement.user_id).where(Agreement.next_on <= await clock.today(db))
    due = due.where(Agreement.user_id > part.cursor, Agreement.user_id <= part.last)
    return (await db.execute(due.distinct().order_by(Agreement.user_id).limit(settings().day_batch))).scalars().all()


async def _pass_together(db: Db, people: Sequence[UUID]) -> int | None:
    """How many agreements of theirs had something done to them; None, and nothing done, where one of them stood in the way."""
    try:
        async with db.begin_nested():
            return await pass_for(db, people)
    except Exception as error:
        # Nobody waits for the agreement of somebody else. The class alone: an error's words may hold what a person said.
        log.exception("day.failed", count=len(people), error=type(error).__name__)
        return None


async def pass_for(db: Db, people: Sequence[UUID]) -> int:
    """Let today do its steps to these people's agreements that it has come to. Answers how many."""
    if not people:
        return 0
    mine = select(Agreement).where(Agreement.user_id.in_(people), Agreement.next_on <= await clock.today(db))
    held = mine.order_by(Agreement.user_id, Agreement.id).with_for_update()
    keys = [(each.user_id, each.id) for each in (await db.execute(held)).scalars()]
    # Whoever waited past midnight for a person sees all that they did.
    await clock.catch_up(db)
    found = await standings(db, {*keys})
    batch = [found[key] for key in keys]
    for step in STEPS:
        batch = await step.take(db, batch)
    await db.flush()
    return len(batch)


def _pace() -> Pace:
    return Pace(settings().day_concurrency, settings().day_share)


PASSING = Work(run=Day, part=DayRange, batch_due=BATCH_DUE, done=DONE, pace=_pace, batch=_batch)
