"""Granting: what a tier newly grants is given to everybody who is at it, in ranges of members.

A plan newly grants nothing: whoever bought it has what its version granted then.
"""

from collections.abc import Collection
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Select, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.runs import running, runs
from domain.runs.running import Pace, Work
from domain.runs.runs import Range, Run
from infra import clock
from infra.database import Db
from infra.entity import Entity
from infra.events import declare
from membership.members import Member

BATCH = 2_000  # people in one transaction
PACE = Pace(concurrency=2, share=0.5)
BATCH_DUE, DONE = declare("granting.batch_due", range=int), declare("granting.done")


class Granting(Run, Entity):
    """`benefit_ids`: what is given. One that supersedes another gives what that one had left as well."""

    __tablename__ = "grantings"
    everybody: ClassVar[Select[UUID]] = select(Member.user_id)

    benefit_ids: Mapped[list[str]]


class GrantingRange(Range, Entity):
    __tablename__ = "granting_ranges"

    run_id: Mapped[UUID] = mapped_column(
        "granting_id", ForeignKey("grantings.id", ondelete="CASCADE"), primary_key=True
    )


Index("ix_grantings_running", Granting.begun_at, postgresql_where=Granting.state == runs.RunState.RUNNING)

# Who moves or leaves meanwhile waits, and then loses what is given here: so nobody keeps a grant of what they have left.
LOCKED = text("""
    SELECT user_id FROM members WHERE user_id > :after AND user_id <= :last ORDER BY user_id LIMIT :most FOR SHARE
""")
GIVE = text("""
    INSERT INTO grants (user_id, benefit_id, source, granted_at)
    SELECT member.user_id, source.benefit_id, source.source, :now
      FROM members AS member
      JOIN benefit_sources AS source ON source.source = 'tier:' || member.tier_code AND source.ended_at IS NULL
      JOIN benefits AS benefit ON benefit.id = source.benefit_id AND benefit.status = 'LIVE'
     WHERE member.user_id = ANY(:user_ids) AND source.benefit_id = ANY(:benefit_ids)
        ON CONFLICT DO NOTHING
""")


async def begin(db: Db, benefit_ids: Collection[UUID]) -> None:
    """Let everybody have these benefits whose tier grants them; the worker does it."""
    left = select(Granting.benefit_ids).where(Granting.state == runs.RunState.RUNNING)
    unfinished = [each for ids in (await db.execute(left)).scalars() for each in ids]
    together = sorted({*map(str, benefit_ids), *unfinished})
    await running.begin(db, GRANTING, Granting(benefit_ids=together))


async def do_next_batch(db: Db, run_id: UUID, number: int) -> None:
    await running.do_next_batch(db, GRANTING, run_id, number)


async def _batch(db: Db, run: Granting, part: GrantingRange) -> UUID | None:
    of_range = {"after": part.cursor, "last": part.last, "most": BATCH}
    user_ids = list((await db.execute(LOCKED, of_range)).scalars())
    given = {
        "user_ids": user_ids,
        "benefit_ids": [UUID(each) for each in run.benefit_ids],
        "now": await clock.now(db),
    }
    await db.execute(GIVE, given)
    return user_ids[-1] if len(user_ids) == BATCH else None


GRANTING = Work(run=Granting, part=GrantingRange, batch_due=BATCH_DUE, done=DONE, pace=lambda: PACE, batch=_batch)
