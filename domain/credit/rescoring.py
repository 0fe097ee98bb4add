"""Rescoring everybody. A batch that was delivered twice finds nobody left to score."""

import time
from uuid import UUID

from sqlalchemy import func, select, update

from domain.credit import batches
from domain.credit.rescores import Rescore, RescoreRange, RescoreReason
from domain.credit.scores import Scoring
from domain.credit.scoring import scorer
from domain.facts.readings import FactsVersion
from domain.runs import running
from domain.runs.running import Pace, Work
from infra import clock
from infra.database import Db
from infra.events import declare
from infra.settings import settings
from infra.vault import PersonKey

BATCH_DUE, DONE = declare("rescore.batch_due", range=int), declare("rescore.done")


async def begin(db: Db, reason: RescoreReason, ranges: int | None = None) -> Rescore:
    """Begin to score everybody anew. Whose points change hears of it after all who are still to hear from the rescores before."""
    rescore = await running.begin(db, RESCORING, Rescore(reason=reason), ranges)
    told_until = (await db.execute(select(func.max(RescoreRange.told_until)))).scalar_one()
    mine = update(RescoreRange).where(RescoreRange.run_id == rescore.id)
    await db.execute(mine.values(told_until=told_until))
    return rescore


async def begin_for_the_stale(db: Db) -> Rescore | None:
    """Rescore those whose facts have expired since; None where nobody is, or a rescore runs that meets them anyway.

    Who is stale and cannot be scored, because nobody can open what is known of them, starts none for everybody.
    """
    stale = (
        select(Scoring.user_id)
        .join(FactsVersion, FactsVersion.user_id == Scoring.user_id)
        .join(PersonKey, PersonKey.user_id == Scoring.user_id)
        .where(Scoring.stale_at <= await clock.now(db), Scoring.unreadable_since.is_(None))
        .limit(1)
    )
    if await running.is_under_way(db, RESCORING) or (await db.execute(stale)).first() is None:
        return None
    return await begin(db, RescoreReason.FACTS_EXPIRED)


async def do_next_batch(db: Db, rescore_id: UUID, number: int) -> None:
    # This process may not have heard yet of the model for which all this is done.
    await scorer().catch_up(db)
    await running.do_next_batch(db, RESCORING, rescore_id, number)


async def _batch(db: Db, rescore: Rescore, part: RescoreRange) -> UUID | None:
    cpu_began = time.process_time()
    batch = await batches.rescore(
        db, after=part.cursor, last=part.last, most=settings().rescore_batch, told_until=part.told_until
    )
    part.told_until = batch.told_until or part.told_until
    part.scored += batch.scored
    part.changed += batch.changed
    part.unreadable += batch.unreadable
    part.cpu_seconds += time.process_time() - cpu_began
    return batch.last_seen


def _pace() -> Pace:
    return Pace(settings().rescore_concurrency, settings().rescore_share)


RESCORING = Work(run=Rescore, part=RescoreRange, batch_due=BATCH_DUE, done=DONE, pace=_pace, batch=_batch)
