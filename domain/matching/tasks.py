"""Reactions of matching: everybody matched anew, what came of the matches counted, and what need not be kept."""

from datetime import timedelta

from sqlalchemy import delete, select

from domain.applications import applications
from domain.applications.applications import Application
from domain.matching import impressions, product_days
from domain.matching.impressions import Impression
from domain.matching.odds import looking
from domain.matching.sweeps import sweeping, sweeps
from domain.matching.sweeps.group_costs import GroupCost
from domain.matching.sweeps.reaches import ProductReach
from domain.matching.sweeps.snapshots import SnapshotPage
from domain.matching.sweeps.sweeps import Sweep
from domain.runs.runs import RunState
from infra import pruning, schedules
from infra.database import Db
from infra.events import declare
from infra.outbox import Event
from infra.pruning import Stale
from infra.reactions import reaction

LOOK_AT_BANDS = declare("bands.look")
SWEEP_DUE, COUNT_DUE = declare("matches.sweep"), declare("products.count")
KEPT = timedelta(days=400)

schedules.recur(LOOK_AT_BANDS, timedelta(hours=1))
schedules.recur(SWEEP_DUE, schedules.DAY, schedules.NIGHT)
schedules.recur(COUNT_DUE, timedelta(hours=1))

pruning.forget("prune_showings", Stale(Impression.shown_at, pruning.ago(KEPT)))


@reaction(applications.SUBMITTED, stored_as="attribute_to_showing")
async def attribute_to_showing(db: Db, event: Event) -> None:
    assert event.user_id is not None
    if application := await db.get(Application, (event.user_id, event.subject_id)):
        await impressions.attribute(db, application)


@reaction(LOOK_AT_BANDS, stored_as="look_at_bands")
async def look_at_bands(db: Db, event: Event) -> None:
    await looking.observe(db)


@reaction(SWEEP_DUE, stored_as="match_everybody")
async def match_everybody(db: Db, event: Event) -> None:
    await sweeping.begin_if_none_runs(db)


@reaction(sweeping.BATCH_DUE, stored_as="match_batch")
async def match_batch(db: Db, event: Event) -> None:
    assert event.subject_id is not None
    await sweeping.do_next_batch(db, event.subject_id, int(event.data["range"]))


@reaction(sweeping.DONE, stored_as="forget_older_sweeps")
async def forget_older_sweeps(db: Db, event: Event) -> None:
    """What was counted of people is kept for the last sweep alone, and for one that has begun since."""
    last = await sweeps.last_done(db)
    assert last is not None, "one was just done"
    older = select(Sweep.id).where(Sweep.id != last.id, Sweep.state != RunState.RUNNING)
    for counted in (ProductReach, SnapshotPage, GroupCost):
        await db.execute(delete(counted).where(counted.sweep_id.in_(older)))


@reaction(COUNT_DUE, stored_as="count_product_days")
async def count_product_days(db: Db, event: Event) -> None:
    await product_days.count(db)
