"""Reactions of days: when one begins, and how it goes on."""

from datetime import time

from domain.days import days, passing
from infra import clock, schedules
from infra.database import Db
from infra.events import declare
from infra.outbox import Event
from infra.reactions import reaction

DUE = declare("day.due")
schedules.recur(
    DUE, schedules.DAY, time(0, 5)
)  # a little after midnight, so that no machine's clock is still behind it


@reaction(DUE, stored_as="begin_day")
async def begin_day(db: Db, event: Event) -> None:
    """Once a day: whoever let it begin by hand was first."""
    if not await days.has_begun(db, await clock.today(db)):
        await passing.begin(db)


@reaction(passing.BATCH_DUE, stored_as="pass_range")
async def pass_range(db: Db, event: Event) -> None:
    assert event.subject_id is not None, "a batch is of a day"
    await passing.do_next_batch(db, event.subject_id, int(event.data["range"]))
