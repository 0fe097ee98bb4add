"""Reach: how many of the people who have a score now would still have one by another model."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Text, cast, func, select

from domain.credit.scores import Scoring, ScoringState
from domain.credit.scoring import NotEnoughKnown
from domain.facts import readings
from domain.facts.sheets import FactSheet
from infra.database import Db
from ml.models.artefact import Artefact
from ml.score.fitting import never_judged, row_of
from ml.score.scoring import row_or_why_not

PEOPLE_MAX = 500
SHARE_MIN = 0.8


@dataclass(frozen=True)
class Coverage:
    people: int  # of those who have a score now, drawn by lot
    scored: int  # of these, by the model that is asked about
    lacking: tuple[tuple[str, int], ...] = ()  # inputs that training always knew, and of how many here they are unknown

    @property
    def is_enough(self) -> bool:
        return self.scored >= SHARE_MIN * self.people

    @property
    def sentence(self) -> str:
        told = (
            f"It would score {self.scored} of {self.people} people who have a score now: too little of what it asks is "
            "known of them."
        )
        if not self.lacking:
            return told
        names = ", ".join(f"{name} (of {count})" for name, count in self.lacking)
        return (
            f"{told} No loan of its book lacks these, so it cannot judge of whom they are unknown: {names}. Train on "
            "loans that lack them too, or leave them out."
        )


async def reach_of(db: Db, model: Artefact) -> Coverage:
    by_lot = func.md5(cast(Scoring.user_id, Text))
    drawn = select(Scoring.user_id).where(Scoring.state == ScoringState.READY).order_by(by_lot).limit(PEOPLE_MAX)
    sheets = await readings.sheets(db, set((await db.execute(drawn)).scalars()))
    return await asyncio.to_thread(_covered, model, [*sheets.values()])


def _covered(model: Artefact, sheets: Sequence[FactSheet]) -> Coverage:
    found = [row_or_why_not(model, sheet) for sheet in sheets]
    lacking = Counter(name for sheet in sheets for name in never_judged(model, row_of(model, sheet)))
    scored = sum(not isinstance(each, NotEnoughKnown) for each in found)
    return Coverage(len(found), scored, tuple(lacking.most_common()))
