"""Retraining: once a week the matcher learns from the log, and goes live if the release gate lets it.

Reading, training and measuring hold no transaction. What is claimed and what came of it are two short ones, so a
delivery that comes twice, or while another process is at work, trains nothing twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from infra import clock, outbox
from infra.background import in_background
from infra.database import Db, reading, transaction
from infra.events import declare
from infra.settings import settings
from ml.live import approvals, registry, store
from ml.live.approvals import MoveKind
from ml.live.store import ModelKind
from ml.matchers import logs, trainings
from ml.matchers.logs import ImpressionLog
from ml.matchers.trainings import MatcherTraining, TrainingOutcome
from ml.models.artefact import ArtefactError
from ml.models.matcher import MatchArtefact

RETRAIN = declare("matcher.retrain")
EVERY = timedelta(days=7)
# Longer than any task may take: who has not ended by then was broken off.
AT_WORK_MAX = timedelta(minutes=10)
ONE_AT_A_TIME = 0x6D617463  # "matc"
SEED = 20_261_122


async def retrain(asked_at: datetime | None = None) -> MatcherTraining | None:
    """Train a matcher; None where another is at work, or has been since it was `asked_at`."""
    begun = await _begin(asked_at)
    if begun is None:
        return None
    try:
        found = await _learned(begun.begun_at)
        return await _end(begun, found)
    except BaseException:
        await _fail(begun)
        raise


@dataclass(frozen=True)
class _Learned:
    """`version` passed the gate, measured against `champion`; `failures` say why nothing did."""

    outcome: TrainingOutcome
    failures: tuple[str, ...] = ()
    figures: dict[str, Any] | None = None
    version: str | None = None
    champion: str | None = None
    model: MatchArtefact | None = None


async def _begin(asked_at: datetime | None) -> MatcherTraining | None:
    async with transaction() as db:
        await db.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
        now, last = await clock.now(db), await trainings.latest(db)
        if last is not None and asked_at is not None and last.answers(asked_at):
            return None
        if last is not None and last.ended_at is None and last.begun_at > now - AT_WORK_MAX:
            if asked_at is not None:
                await outbox.announce(db, RETRAIN, due_at=last.begun_at + AT_WORK_MAX)
            return None
        begun = MatcherTraining(begun_at=now)
        db.add(begun)
        return begun


async def _learned(now: datetime) -> _Learned:
    from ml.matchers import gate  # what reads pandas and SciPy is only loaded to train

    log = await logs.read(now)
    if few := gate.lacking(log):
        return _Learned(TrainingOutcome.TOO_FEW, few, {"shown": len(log)})
    async with reading() as db:
        champion = (await registry.standing(db, ModelKind.MATCH)).champion
        standing = await _readable(db, champion)
    return await in_background(lambda: _trained(log, champion, standing))


def _trained(log: ImpressionLog, champion: str | None, standing: MatchArtefact | None) -> _Learned:
    from ml.matchers import gate
    from ml.matchers.training import train

    candidate = train(log.seen, simulated=settings().is_embedded, seed=SEED)
    passed = gate.judged(candidate, rival_of(candidate, standing), log, seed=SEED)
    figures = {**passed.figures, "learned": candidate.card}
    if passed.failures:
        return _Learned(TrainingOutcome.REFUSED, passed.failures, figures, candidate.version, champion)
    return _Learned(TrainingOutcome.LIVE, (), figures, candidate.version, champion, candidate)


def rival_of(candidate: MatchArtefact, champion: MatchArtefact | None) -> MatchArtefact | None:
    """Figures of simulated people compare with nothing real."""
    is_other_world = champion is not None and champion.simulated and not candidate.simulated
    return None if is_other_world else champion


async def _readable(db: Db, version: str | None) -> MatchArtefact | None:
    """A champion that cannot be read stops nobody."""
    try:
        return await store.load_match(db, version) if version else None
    except ArtefactError:
        return None


async def _end(begun: MatcherTraining, found: _Learned) -> MatcherTraining:
    async with transaction() as db:
        training = await db.get_one(MatcherTraining, begun.id)
        outcome = await _gone_live(db, found) if found.outcome is TrainingOutcome.LIVE else found.outcome
        now = await clock.now(db)
        # Written at once: it stays as it is once there is an end.
        training.version, training.failures, training.figures = found.version, list(found.failures), found.figures or {}
        training.outcome, training.ended_at = outcome, now
        return training


async def _gone_live(db: Db, found: _Learned) -> TrainingOutcome:
    if (await registry.standing(db, ModelKind.MATCH)).champion != found.champion:
        return TrainingOutcome.OVERTAKEN
    await _promote(db, found)
    return TrainingOutcome.LIVE


async def _promote(db: Db, found: _Learned) -> None:
    assert found.model is not None
    version = await store.save(db, found.model)
    await approvals.write_down(db, ModelKind.MATCH, MoveKind.PROMOTED, version, found.champion, found.figures or {})
    await outbox.announce(db, approvals.MODEL_PROMOTED, kind=ModelKind.MATCH, version=version)
    await registry.switch(db, ModelKind.MATCH, lambda now: now.promoted(version))


async def _fail(begun: MatcherTraining) -> None:
    """Whoever delivers it again begins anew."""
    async with transaction() as db:
        training = await db.get_one(MatcherTraining, begun.id)
        if training.ended_at is None:
            training.ended_at, training.outcome = await clock.now(db), TrainingOutcome.FAILED
