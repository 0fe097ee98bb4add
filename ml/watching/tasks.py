"""When the watch is brought up to date: new scores every few minutes, the snapshot every hour."""

import time
from datetime import timedelta
from uuid import UUID

from infra import outbox, schedules
from infra.database import Db
from infra.events import declare
from infra.outbox import Event
from infra.reactions import reaction
from ml.watching import bins, figures, snapshots

SCORES_DUE, SNAPSHOT_DUE = declare("watch.scores_due"), declare("watch.snapshot_due")
# Ids are made before their transaction commits. None stays open as long as this, so nothing is left behind.
SETTLED_AFTER_SECONDS = 60

schedules.recur(SCORES_DUE, timedelta(minutes=5))
schedules.recur(SNAPSHOT_DUE, timedelta(hours=1))


@reaction(SCORES_DUE, stored_as="count_new_scores")
async def count_new_scores(db: Db, _: Event | None) -> None:
    if await bins.count_scores(db, until=first_id_at(time.time() - SETTLED_AFTER_SECONDS)):
        await outbox.announce(db, SCORES_DUE)


@reaction(SNAPSHOT_DUE, stored_as="take_watch_snapshot")
async def take_watch_snapshot(db: Db, _: Event | None) -> None:
    await snapshots.take(db)
    await figures.keep(db)


async def bring_up_to_date(db: Db) -> None:
    """Do both soon, because somebody wants to see it."""
    await outbox.announce(db, SCORES_DUE)
    await outbox.announce(db, SNAPSHOT_DUE)


def first_id_at(seconds: float) -> UUID:
    """The lowest id that can be made at this time: a UUIDv7 begins with 48 bits of milliseconds."""
    return UUID(int=int(seconds * 1000) << 80)
