"""Re-evaluation: everybody judged by the rules that have become live, in ranges of members."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Select, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Mapped, mapped_column

from domain.runs import running, runs
from domain.runs.running import Pace, Work
from domain.runs.runs import Range, Run, RunProgress
from infra import clock
from infra.database import Db
from infra.entity import Entity
from infra.events import declare
from infra.settings import settings
from membership import evaluating, rules
from membership.evaluating import Occasion
from membership.members import Member, MoveReason
from membership.moving import TellingTurns
from membership.rules import TierRules

BATCH = 2_000  # people in one transaction
PACE = Pace(concurrency=2, share=0.5)
# At the least: so long nobody is told, or each batch would wait behind the news of those before it.
JUDGED_PER_SECOND = 1_000
HEAD_START = timedelta(minutes=2)  # at the least: a batch may wait for its turn, however few they are
BATCH_DUE, DONE = declare("reevaluation.batch_due", range=int), declare("reevaluation.done")


class Reevaluation(Run, Entity):
    """`restores`: the version that is taken back; None where the rules are published."""

    __tablename__ = "reevaluations"
    everybody: ClassVar[Select[UUID]] = select(Member.user_id)

    rules_id: Mapped[UUID] = mapped_column(ForeignKey("tier_rules_versions.id"), index=True)
    restores: Mapped[int | None] = mapped_column(default=None)


class ReevaluationRange(Range, Entity):
    __tablename__ = "reevaluation_ranges"

    run_id: Mapped[UUID] = mapped_column(
        "reevaluation_id", ForeignKey("reevaluations.id", ondelete="CASCADE"), primary_key=True
    )
    moved: Mapped[int] = mapped_column(default=0)
    told_until: Mapped[datetime | None] = mapped_column(default=None)  # when the last who moved hears of it

    def follow(self, ended: Self) -> None:
        self.told_until = ended.told_until


Index("ix_reevaluations_running", Reevaluation.begun_at, postgresql_where=Reevaluation.state == runs.RunState.RUNNING)


@dataclass(frozen=True, kw_only=True)
class ReevaluationProgress(RunProgress):
    """`moved` are those who are at another tier now, of whom the last hears of it at `told_until`, as far as they are judged."""

    moved: int
    told_until: datetime | None = field(metadata=runs.LATEST)


async def begin(db: Db, version: TierRules, *, restores: int | None = None) -> Reevaluation:
    """Let everybody be judged by these rules, which are live; the worker does it.

    Whoever moves hears of it when about everybody has been judged, not at once however few they are, and after all who are
    still to hear of the rules before.
    """
    run = await running.begin(db, REEVALUATING, Reevaluation(rules_id=version.id, restores=restores))
    judged_at = await clock.now(db) + max(HEAD_START, timedelta(seconds=run.people / JUDGED_PER_SECOND))
    told_until = func.greatest(judged_at, select(func.max(ReevaluationRange.told_until)).scalar_subquery())
    mine = update(ReevaluationRange).where(ReevaluationRange.run_id == run.id)
    await db.execute(mine.values(told_until=told_until))
    return run


async def do_next_batch(db: Db, run_id: UUID, number: int) -> None:
    await running.do_next_batch(db, REEVALUATING, run_id, number)


async def newest(db: Db, rules_ids: set[UUID]) -> dict[UUID, ReevaluationProgress]:
    """How far everybody has been judged by each of these rules, the last time they became live."""
    mine = select(Reevaluation).where(Reevaluation.rules_id.in_(rules_ids)).ext(distinct_on(Reevaluation.rules_id))
    ordered = mine.order_by(Reevaluation.rules_id, Reevaluation.begun_at.desc(), Reevaluation.id.desc())
    return {run.rules_id: await _progress(db, run.id) for run in (await db.execute(ordered)).scalars()}


async def _progress(db: Db, run_id: UUID) -> ReevaluationProgress:
    return await runs.progress(db, Reevaluation, ReevaluationRange, run_id, ReevaluationProgress)


async def _batch(db: Db, run: Reevaluation, part: ReevaluationRange) -> UUID | None:
    # What it writes would come after whoever goes through everybody for the next rules has passed them.
    await rules.hold(db)
    await db.refresh(run)
    if run.state is not runs.RunState.RUNNING:
        return None
    reason = MoveReason.RULES_CHANGED if run.restores is None else MoveReason.ROLLED_BACK
    now, apart = await clock.now(db), timedelta(seconds=PACE.concurrency / settings().rescore_told_per_second)
    turns = TellingTurns(max(part.told_until or now, now), apart)
    done = await evaluating.evaluate_range(db, part.cursor, part.last, BATCH, Occasion(reason, run.restores, turns))
    part.moved += done.moved
    part.told_until = turns.next_at
    return done.last if done.people == BATCH else None


REEVALUATING = Work(
    run=Reevaluation, part=ReevaluationRange, batch_due=BATCH_DUE, done=DONE, pace=lambda: PACE, batch=_batch
)
