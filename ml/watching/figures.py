"""The watch in figures, as the last look left them: who asks often reads these, and nothing is counted for them."""

from dataclasses import dataclass
from typing import TypedDict, cast

from sqlalchemy import select, update

from infra import clock
from infra.database import Db
from ml.watching import watch
from ml.watching.snapshots import WatchSnapshot
from ml.watching.watch import Watch

DAYS = 30
FRESH_SECONDS = 86_400  # older ones speak of a house that nobody looks at any more


class WatchFigures(TypedDict):
    """`inputs` and `score_psi` only where there are enough scores to tell anything; `grades`: promised, and what came."""

    version: str
    simulated: bool
    scores: int
    score_psi: float | None
    inputs: dict[str, float]
    scored: dict[str, float]
    grades: dict[str, tuple[float, float]]


NOTHING = WatchFigures(version="", simulated=False, scores=0, score_psi=None, inputs={}, scored={}, grades={})


@dataclass(frozen=True)
class AgedFigures:
    age_seconds: float
    kept: WatchFigures


async def keep(db: Db) -> None:
    """Beside the newest snapshot, in the transaction that took it."""
    seen = await watch.watch(db, DAYS)
    newest = select(WatchSnapshot.day).order_by(WatchSnapshot.day.desc()).limit(1).scalar_subquery()
    kept = figures_of(seen) if seen else NOTHING
    await db.execute(update(WatchSnapshot).where(WatchSnapshot.day == newest).values(figures=kept))


async def latest(db: Db) -> AgedFigures | None:
    """The latest figures; None where nobody has looked yet. Those that are too old are told as none, with their age."""
    newest = select(WatchSnapshot.taken_at, WatchSnapshot.figures).order_by(WatchSnapshot.day.desc()).limit(1)
    row = (await db.execute(newest)).one_or_none()
    if row is None:
        return None
    age = (await clock.now(db) - row.taken_at).total_seconds()
    return AgedFigures(age, cast(WatchFigures, row.figures) if row.figures and age <= FRESH_SECONDS else NOTHING)


def figures_of(seen: Watch) -> WatchFigures:
    return WatchFigures(
        version=seen.champion.version,
        simulated=seen.champion.simulated,
        scores=seen.score.scores,
        score_psi=seen.score.psi if seen.score.alarm is not None else None,
        inputs={each.name: each.psi for each in seen.inputs if each.alarm is not None and each.psi is not None},
        scored={outcome: share.rate for outcome, share in seen.scored},
        grades={each.grade: (each.promised, each.came.rate) for each in (seen.truth.grades if seen.truth else ())},
    )
