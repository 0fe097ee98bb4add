"""Reactions of matching: which showing an application came of, how the bands stand, and what need not be kept."""

from datetime import timedelta

from domain.applications.applications import Application
from domain.matching.learning import looking, showings
from infra import clock, outbox, schedules
from infra.database import Db
from infra.outbox import Event
from infra.pruning import PRUNE
from infra.reactions import reaction

LOOK_AT_BANDS, PRUNE_SHOWINGS = "bands.look", "showings.prune"
KEPT = timedelta(days=400)

schedules.recur(LOOK_AT_BANDS, timedelta(hours=1))


@reaction("application.submitted")
async def attribute_to_showing(db: Db, event: Event) -> None:
    assert event.user_id is not None
    if application := await db.get(Application, (event.user_id, event.subject_id)):
        await showings.attribute(db, application)


@reaction(LOOK_AT_BANDS)
async def look_at_bands(db: Db, event: Event) -> None:
    await looking.observe(db)


@reaction(PRUNE, PRUNE_SHOWINGS)
async def prune_showings(db: Db, event: Event) -> None:
    """One batch in one transaction; where there is more, another follows."""
    if await showings.prune(db, before=await clock.now(db) - KEPT):
        await outbox.announce(db, PRUNE_SHOWINGS)
