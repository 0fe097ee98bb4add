"""Telling a person about their score: why it changed, and what would lead to the next grade."""

import asyncio
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_

from domain.credit.scores import Score
from domain.credit.scoring import scorer
from domain.facts import readings
from domain.facts.accounts import LinkedAccount
from infra.database import Db
from ml.live import store
from ml.models.artefact import ArtefactError
from ml.score.paths import ScorePath, path
from ml.score.receipts import ChangeReceipt, receipt
from ml.score.scoring import LiveScorer


async def change_of(db: Db, user_id: UUID, score_id: UUID) -> ChangeReceipt | None:
    """How this score came from the one before it; None at the first one, or where a model of then is no longer kept."""
    score = await db.get(Score, (user_id, score_id))
    before = await _before(db, score) if score else None
    if score is None or before is None:
        return None
    then = await readings.sheet(db, user_id, before.as_of)
    now = await readings.sheet(db, user_id, score.as_of)
    unlinked = await _unlinked(db, user_id, before.as_of, score.as_of)
    try:
        old = await store.load_score(db, before.model_version)
        new = await store.load_score(db, score.model_version)
    except ArtefactError:
        return None
    told = await asyncio.to_thread(receipt, then, old, now, new, unlinked=unlinked)
    # A receipt that does not add up to what the person was told is no receipt.
    return told if (told.before, told.after) == (before.points, score.points) else None


async def path_of(db: Db, user_id: UUID) -> ScorePath | None:
    """Steps to the next grade; None at the best grade, and for somebody who has no score."""
    sheet = await readings.sheet(db, user_id)
    live = scorer()
    assert isinstance(live, LiveScorer), "the path is walked with the model that scores"
    return await asyncio.to_thread(lambda: path(live.model(), sheet))


async def _before(db: Db, score: Score) -> Score | None:
    earlier = select(Score).where(
        Score.user_id == score.user_id, tuple_(Score.as_of, Score.id) < tuple_(score.as_of, score.id)
    )
    newest = earlier.order_by(Score.as_of.desc(), Score.id.desc()).limit(1)
    return (await db.execute(newest)).scalar_one_or_none()


async def _unlinked(db: Db, user_id: UUID, since: datetime, until: datetime) -> frozenset[str]:
    ended = select(LinkedAccount.provider).where(
        LinkedAccount.user_id == user_id, LinkedAccount.unlinked_at > since, LinkedAccount.unlinked_at <= until
    )
    return frozenset((await db.execute(ended)).scalars())
