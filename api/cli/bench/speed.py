"""How fast people are rescored in one process, and what bare CatBoost needs for the same people."""

import time
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from sqlalchemy import delete

from domain.credit import rescores, rescoring
from domain.credit.rescores import Rescore, RescoreReason, RescoreState
from domain.credit.scoring import NotEnoughKnown
from domain.facts import readings
from infra.database import reading, transaction
from infra.outbox import EventReaction
from ml.live import store
from ml.live.registry import standing
from ml.live.store import ModelKind
from ml.models.artefact import Artefact
from ml.score import benchmark
from ml.score.fitting import fit
from ml.score.rescoring import Floats
from ml.score.scoring import row_or_why_not

ROWS_FOR_CATBOOST = 10_000


@dataclass(frozen=True)
class Speed:
    """Seconds for all `people`: on the clock (with Postgres at work beside), and of this process's processor time."""

    people: int
    seconds: float
    cpu_seconds: float
    catboost_microseconds: float  # for a person: the raw prediction alone
    catboost_with_shap_microseconds: float  # the raw prediction, and CatBoost's own Shapley values

    @property
    def people_per_core_second(self) -> float:
        return self.people / self.cpu_seconds

    @property
    def catboost_share(self) -> float:
        return self.catboost_microseconds * self.people / 1e6 / self.cpu_seconds

    @property
    def catboost_with_shap_share(self) -> float:
        return self.catboost_with_shap_microseconds * self.people / 1e6 / self.cpu_seconds


async def rescored(people: list[UUID]) -> Speed:
    """Rescore everybody in this process, without a worker."""
    began, cpu_began = time.perf_counter(), time.process_time()
    async with transaction() as db:
        begun = await rescoring.begin(db, RescoreReason.ASKED, 1)
    while await _is_running(begun):
        async with transaction() as db:
            await rescoring.do_next_batch(db, begun.id, 0)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
    async with transaction() as db:
        # What follows from it belongs to the measurement beside the API, which makes its own.
        await db.execute(delete(EventReaction))
        scored = (await rescores.progress(db, begun.id)).scored
    assert scored == len(people), f"{scored} of {len(people)} were rescored"
    bare = benchmark.measured(*await _model_and_rows(people[:ROWS_FOR_CATBOOST]))
    return Speed(len(people), seconds, cpu_seconds, bare.bare, bare.with_shap)


async def _is_running(begun: Rescore) -> bool:
    async with reading() as db:
        return (await db.get_one(Rescore, begun.id)).state == RescoreState.RUNNING


async def _model_and_rows(people: list[UUID]) -> tuple[Artefact, Floats]:
    async with reading() as db:
        model = await store.load_score(db, str((await standing(db, ModelKind.SCORE)).champion))
        sheets = await readings.sheets(db, set(people))
    rows = [row_or_why_not(model, sheet) for sheet in sheets.values()]
    fitting = [fit(model, row) for row in rows if not isinstance(row, NotEnoughKnown)]
    return model, np.array(fitting, dtype=float)
