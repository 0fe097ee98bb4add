"""Going through everybody: ranges of people, batch by batch, each batch one event and one transaction.

A batch commits its work, its place in the range and the event of the next batch together. So a kill loses at most the
batch it hit, which the relay delivers again. Between two batches the worker rests and serves others: nobody who asks
for something meanwhile waits behind everybody.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic
from uuid import UUID

from sqlalchemy import select

from domain.runs import runs
from domain.runs.runs import P, R, RunState
from infra import clock, outbox
from infra.database import Db
from infra.outbox import Event, EventReaction


@dataclass(frozen=True)
class Pace:
    """`concurrency`: ranges at the same time, over all workers. `share`: of the time in which each of them is at work."""

    concurrency: int
    share: float


@dataclass(frozen=True)
class Work(Generic[R, P]):
    """What is done for everybody: its tables, its events, and how it is done for a few.

    `batch` does it for the next people after the range's cursor, up to its last, and answers the last of them; None
    where nobody is left after them. Somebody reacts to `batch_due` with `do_next_batch`.
    """

    run: type[R]
    part: type[P]
    batch_due: str
    done: str
    pace: Callable[[], Pace]
    batch: Callable[[Db, R, P], Awaitable[UUID | None]]


async def begin(db: Db, work: Work[R, P], run: R, ranges: int | None = None) -> R:
    """Lay out the ranges and announce the first batches; the worker does the rest."""
    await runs.lay_out(db, run, work.part, ranges)
    opened = await runs.open_ranges(db, run.id, work.part, work.pace().concurrency)
    for part in opened:
        await _announce(db, work, part)
    if not opened:
        await _end(db, work, run)
    return run


async def is_under_way(db: Db, work: Work[R, P]) -> bool:
    """Whether a batch of a run is still to come. One whose batch was given up is over, though it never came to its end."""
    owed = select(EventReaction.event_id).join(Event, Event.id == EventReaction.event_id)
    owed = owed.join(work.run, work.run.id == Event.subject_id).where(
        work.run.state == RunState.RUNNING,
        Event.name == work.batch_due,
        EventReaction.handled_at.is_(None),
        EventReaction.parked_at.is_(None),
    )
    return (await db.execute(owed.limit(1))).scalar_one_or_none() is not None


async def do_next_batch(db: Db, work: Work[R, P], run_id: UUID, number: int) -> None:
    """Do the next batch of a range, and announce the one after it."""
    run = await db.get_one(work.run, run_id)
    if run.state != RunState.RUNNING:
        return
    part = await db.get_one(work.part, (run_id, number), with_for_update=True)
    began = time.perf_counter()
    last_seen = await work.batch(db, run, part)
    if last_seen is not None:
        part.cursor = last_seen
        await _announce(db, work, part, _pause_after(time.perf_counter() - began, work.pace().share))
    else:
        part.cursor, part.ended_at = part.last, await clock.now(db)
        await _next_range(db, work, run, part)


async def _next_range(db: Db, work: Work[R, P], run: R, ended: P) -> None:
    # Of two ranges that end at once the later one sees the earlier one's end.
    await db.refresh(run, with_for_update=True)
    if run.state != RunState.RUNNING:
        return
    for part in await runs.open_ranges(db, run.id, work.part, 1):
        part.follow(ended)
        await _announce(db, work, part)
    if not await runs.is_any_left(db, run.id, work.part):
        await _end(db, work, run)


async def _end(db: Db, work: Work[R, P], run: R) -> None:
    await runs.LIFE.move(db, run, RunState.DONE)
    run.ended_at = await clock.now(db)
    await db.flush()
    await outbox.announce(db, work.done, subject_id=run.id)


def _pause_after(seconds_of_work: float, share: float) -> timedelta:
    """How long to rest from the beginning of a batch to that of the next one, so that work takes its share of the time."""
    return timedelta(seconds=seconds_of_work / share) if share < 1 else timedelta(0)


async def _announce(db: Db, work: Work[R, P], part: P, rest: timedelta = timedelta(0)) -> None:
    due_at = await clock.now(db) + rest
    await outbox.announce(db, work.batch_due, subject_id=part.run_id, due_at=due_at, range=part.number)
