"""When ml reacts: to a new champion, to facts that have expired, to the next batch of a rescore, to a score to
compare, and once a week to what the log of matches teaches."""

from datetime import timedelta

from domain.credit import rescoring, scores
from domain.credit.rescores import RescoreReason
from infra import schedules
from infra.database import Db
from infra.events import declare
from infra.outbox import Event
from infra.reactions import reaction
from ml.live import approvals
from ml.live.store import ModelKind
from ml.matchers import retraining
from ml.promotion import challenging

LOOK_FOR_STALE = declare("scores.look_for_stale")

# No score stands longer than this on facts that have expired.
schedules.recur(LOOK_FOR_STALE, timedelta(hours=1))
schedules.recur(retraining.RETRAIN, retraining.EVERY, schedules.NIGHT)


@reaction(approvals.MODEL_PROMOTED, stored_as="rescore_after_promotion")
async def rescore_after_promotion(db: Db, event: Event) -> None:
    if event.data["kind"] == ModelKind.SCORE:
        await rescoring.begin(db, RescoreReason.MODEL_PROMOTED)


@reaction(LOOK_FOR_STALE, stored_as="rescore_the_stale")
async def rescore_the_stale(db: Db, event: Event) -> None:
    await rescoring.begin_for_the_stale(db)


@reaction(rescoring.BATCH_DUE, stored_as="rescore_batch")
async def rescore_batch(db: Db, event: Event) -> None:
    assert event.subject_id is not None
    await rescoring.do_next_batch(db, event.subject_id, int(event.data["range"]))


@reaction(scores.CHANGED, stored_as="score_with_challenger", when=challenging.is_there)
async def score_with_challenger(db: Db, event: Event) -> None:
    if event.user_id is not None and event.subject_id is not None:
        await challenging.score_beside(db, event.user_id, event.subject_id)


@reaction(retraining.RETRAIN, stored_as="retrain_matcher", calls_out=True)
async def retrain_matcher(event: Event) -> None:
    """Train the matcher anew. It calls nobody; but no transaction may stay open while it trains."""
    await retraining.retrain(event.occurred_at)
