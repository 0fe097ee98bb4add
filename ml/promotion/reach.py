"""Reach: how many of the people who have a score now would still have one by another model."""

import asyncio
from dataclasses import dataclass

from sqlalchemy import Text, cast, func, select

from domain.credit.scores import Scoring, ScoringState
from domain.credit.scoring import NotEnoughKnown
from domain.facts import readings
from infra.database import Db
from ml.models.artefact import Artefact
from ml.score.scoring import row_or_why_not

PEOPLE_MAX = 500
SHARE_MIN = 0.8


@dataclass(frozen=True)
class Coverage:
    people: int  # of those who have a score now, drawn by lot
    scored: int  # of these, by the model that is asked about

    @property
    def is_enough(self) -> bool:
        return self.scored >= SHARE_MIN * self.people


async def reach_of(db: Db, model: Artefact) -> Coverage:
    by_lot = func.md5(cast(Scoring.user_id, Text))
    drawn = select(Scoring.user_id).where(Scoring.state == ScoringState.READY).order_by(by_lot).limit(PEOPLE_MAX)
    sheets = await readings.sheets(db, set((await db.execute(drawn)).scalars()))
    found = await asyncio.to_thread(lambda: [row_or_why_not(model, sheet) for sheet in sheets.values()])
    return Coverage(len(found), sum(not isinstance(each, NotEnoughKnown) for each in found))
