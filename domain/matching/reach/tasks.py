"""When everybody is matched anew, what then no longer serves, and when it is counted what came of the matches."""

from datetime import timedelta

from sqlalchemy import delete, select

from domain.matching.reach import product_days, sweeping, sweeps
from domain.matching.reach.group_costs import GroupCost
from domain.matching.reach.reaches import ProductReach
from domain.matching.reach.snapshots import SnapshotPage
from domain.matching.reach.sweeps import Sweep
from domain.runs.runs import RunState
from infra import schedules
from infra.database import Db
from infra.outbox import Event
from infra.reactions import reaction

SWEEP_DUE, COUNT_DUE = "matches.sweep", "products.count"

schedules.recur(SWEEP_DUE, timedelta(days=1))
schedules.recur(COUNT_DUE, timedelta(hours=1))


@reaction(SWEEP_DUE)
async def match_everybody(db: Db, event: Event) -> None:
    await sweeping.begin_if_none_runs(db)


@reaction(sweeping.BATCH_DUE)
async def match_batch(db: Db, event: Event) -> None:
    assert event.subject_id is not None
    await sweeping.go_on(db, event.subject_id, int(event.data["range"]))


@reaction(sweeping.DONE)
async def forget_older_sweeps(db: Db, event: Event) -> None:
    """What was counted of people is kept for the last sweep alone, and for one that has begun since."""
    last = await sweeps.last_done(db)
    assert last is not None, "one was just done"
    older = select(Sweep.id).where(Sweep.id != last.id, Sweep.state != RunState.RUNNING)
    for counted in (ProductReach, SnapshotPage, GroupCost):
        await db.execute(delete(counted).where(counted.sweep_id.in_(older)))


@reaction(COUNT_DUE)
async def count_product_days(db: Db, event: Event) -> None:
    await product_days.count(db)
