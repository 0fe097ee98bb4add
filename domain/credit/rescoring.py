"""Rescoring everybody: ranges of people, batch by batch, each batch one event and one transaction.

A batch commits its scores, its place in the range and the event of the next batch together. So a kill loses at most the
batch it hit, which the relay delivers again, and a batch that was delivered twice finds nobody left to score. Between
two batches the worker rests and serves others: nobody who links an account meanwhile waits behind everybody.
"""

import time
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from domain.credit import batches, rescores
from domain.credit.rescores import Rescore, RescoreRange, RescoreReason, RescoreState
from domain.credit.scores import Scoring
from domain.credit.scoring import scorer
from infra import clock, outbox
from infra.background import in_background
from infra.database import Db
from infra.settings import settings

BATCH_DUE = "rescore.batch_due"


async def begin(db: Db, reason: RescoreReason, ranges: int | None = None) -> Rescore:
    """Lay out the ranges and announce the first batches; the worker does the rest."""
    rescore = await rescores.lay_out(db, reason, ranges)
    opened = await rescores.open_ranges(db, rescore, settings().rescore_concurrency)
    for part in opened:
        await _announce(db, part)
    if not opened:
        await _end(db, rescore)
    return rescore


async def begin_for_the_stale(db: Db) -> Rescore | None:
    """Rescore those whose facts have expired since; None where nobody is, or a rescore runs that meets them anyway."""
    stale = select(func.count()).select_from(Scoring).where(Scoring.stale_at <= await clock.now(db))
    if await rescores.is_running(db) or not (await db.execute(stale)).scalar_one():
        return None
    return await begin(db, RescoreReason.FACTS_EXPIRED)


async def go_on(db: Db, rescore_id: UUID, number: int) -> None:
    """Score the next batch of a range, and announce the one after it."""
    rescore = await db.get_one(Rescore, rescore_id)
    if rescore.state != RescoreState.RUNNING:
        return
    part = await db.get_one(RescoreRange, (rescore_id, number), with_for_update=True)
    # This process may not have heard yet of the model for which all this is done.
    await in_background(scorer().catch_up)
    began, cpu_began = time.perf_counter(), time.process_time()
    batch = await batches.rescore(
        db, after=part.cursor, last=part.last, most=settings().rescore_batch, told_until=part.told_until
    )
    part.told_until = batch.told_until or part.told_until
    part.scored += batch.scored
    part.changed += batch.changed
    part.unreadable += batch.unreadable
    part.cpu_seconds += time.process_time() - cpu_began
    if batch.last_seen is not None:
        part.cursor = batch.last_seen
        await _announce(db, part, _rest(time.perf_counter() - began))
    else:
        part.cursor = part.last
        part.ended_at = await clock.now(db)
        await _next_range(db, rescore, part)


async def _next_range(db: Db, rescore: Rescore, ended: RescoreRange) -> None:
    # Of two ranges that end at once the later one sees the earlier one's end.
    await db.refresh(rescore, with_for_update=True)
    if rescore.state != RescoreState.RUNNING:
        return
    opened = await rescores.open_ranges(db, rescore, 1)
    for part in opened:
        part.told_until = ended.told_until
        await _announce(db, part)
    mine = RescoreRange.rescore_id == rescore.id
    left = select(func.count()).select_from(RescoreRange).where(mine, RescoreRange.ended_at.is_(None))
    if not (await db.execute(left)).scalar_one():
        await _end(db, rescore)


async def _end(db: Db, rescore: Rescore) -> None:
    rescore.state, rescore.ended_at = RescoreState.DONE, await clock.now(db)
    await db.flush()
    await outbox.announce(db, "rescore.done", subject_id=rescore.id)


def _rest(seconds_of_work: float) -> timedelta:
    """From the beginning of a batch to that of the next one, so that work takes its share of the time."""
    share = settings().rescore_share
    return timedelta(seconds=seconds_of_work / share) if share < 1 else timedelta(0)


async def _announce(db: Db, part: RescoreRange, rest: timedelta = timedelta(0)) -> None:
    due_at = await clock.now(db) + rest
    await outbox.announce(db, BATCH_DUE, subject_id=part.rescore_id, due_at=due_at, range=part.number)
