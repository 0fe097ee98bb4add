"""How live scores spread over the bins of training: counts by day, and nothing of a person."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from math import isnan, log
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import structlog
from sqlalchemy import BigInteger, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.credit import scores
from domain.credit.scores import Score
from domain.people import invented
from infra import vault
from infra.clock import local_day
from infra.database import Db
from infra.entity import Entity
from ml.live import store
from ml.models.artefact import ArtefactError

log_lines = structlog.get_logger()

SCORE = ":score"  # no column of a book is called so
BATCH = 2_000
COUNTED = "scores"


class WatchBin(Entity):
    """How many live scores of a day fell into one bin of an input's, or of the score's, spread in training."""

    __tablename__ = "watch_bins"

    model_version: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(primary_key=True)
    bin: Mapped[int] = mapped_column(primary_key=True)
    scores: Mapped[int] = mapped_column(BigInteger)


class WatchMark(Entity):
    """Up to where it was counted. Moves in the transaction of the counts, so that each score counts once."""

    __tablename__ = "watch_marks"

    name: Mapped[str] = mapped_column(primary_key=True)
    counted_to: Mapped[UUID]


class Cell(NamedTuple):
    model_version: str
    day: date
    measure: str
    bin: int


async def count_scores(db: Db, until: UUID) -> bool:
    """Count the next scores whose id lies before `until`. True where there may be more."""
    mark = await _mark(db)
    taken = (
        select(Score.user_id, Score.id, Score.probability, Score.vector_sealed, Score.model_version, Score.as_of)
        .where(Score.id > mark.counted_to, Score.id < until, invented.counts(Score.user_id))
        .order_by(Score.id)
        .limit(BATCH)
    )
    rows = (await db.execute(taken)).all()
    if not rows:
        return False
    seals = await vault.seals_of(db, {row.user_id for row in rows})
    profiles = {version: await profile_of(db, version) for version in {row.model_version for row in rows}}
    # Whoever was erased is not counted: nothing opens their vector any more.
    opened = [row for row in rows if row.user_id in seals]
    cells = (cell for row in opened for cell in _cells(row, seals[row.user_id], profiles[row.model_version]))
    await _add(db, Counter(cells))
    mark.counted_to = rows[-1].id
    return len(rows) == BATCH


async def count_from_the_start(db: Db) -> None:
    """Forget what was counted, because other people count now."""
    mark = await _mark(db)  # first, as whoever counts takes it, so that neither waits for the other
    await db.execute(delete(WatchBin))
    mark.counted_to = UUID(int=0)


async def _mark(db: Db) -> WatchMark:
    first = insert(WatchMark).values(name=COUNTED, counted_to=UUID(int=0)).on_conflict_do_nothing()
    await db.execute(first)
    return (await db.execute(select(WatchMark).where(WatchMark.name == COUNTED).with_for_update())).scalar_one()


def _cells(row: Any, seal: vault.Seal, profile: Mapping[str, Any] | None) -> Iterator[Cell]:
    if profile is None:
        return
    day = local_day(row.as_of)
    vector = seal.open(row.vector_sealed, scores.VECTOR)
    for name, known in profile["inputs"].items():
        yield Cell(row.model_version, day, name, bin_of(known, vector.get(name)))
    odds = log(row.probability / (1 - row.probability))
    yield Cell(row.model_version, day, SCORE, bin_of(profile["log_odds"], odds))


async def _add(db: Db, tally: Counter[Cell]) -> None:
    if not tally:
        return
    # In one order, so that two who add can never wait for each other.
    rows = [{**cell._asdict(), "scores": count} for cell, count in sorted(tally.items())]
    added = insert(WatchBin)
    more = {"scores": WatchBin.scores + added.excluded.scores}
    await db.execute(added.on_conflict_do_update(index_elements=list(Cell._fields), set_=more), rows)


async def profile_of(db: Db, version: str) -> Mapping[str, Any] | None:
    """The spread in training of a model's inputs and score; None where it has none, or is gone."""
    try:
        profile = (await store.load_score(db, version)).profile
    except ArtefactError as error:
        log_lines.warning("model not watched", version=version, reason=str(error))
        return None
    return profile if {"inputs", "log_odds"} <= profile.keys() else None


def bin_of(known: Mapping[str, Any], value: float | str | None) -> int:
    """The place of a value among the bins of training; the last one is that of the unknown, or of other levels."""
    if "levels" in known:
        levels = known["levels"]
        text = "" if value is None else str(value)
        return levels.index(text) if text in levels else len(levels)
    if value is None or isnan(float(value)):
        return len(known["edges"]) + 1
    return int(np.searchsorted(known["edges"], float(value), side="right"))


def expected(known: Mapping[str, Any]) -> list[float]:
    """The shares of training, one for each bin that `bin_of` can answer."""
    shares: Sequence[float] = known["shares"]
    return [*shares, max(0.0, 1 - sum(shares))] if "levels" in known else list(shares)


async def counts(db: Db, version: str, since: date) -> dict[str, dict[int, int]]:
    """Counts by measure and bin, over all days from `since`."""
    summed = (
        select(WatchBin.measure, WatchBin.bin, func.sum(WatchBin.scores))
        .where(WatchBin.model_version == version, WatchBin.day >= since)
        .group_by(WatchBin.measure, WatchBin.bin)
    )
    found: dict[str, dict[int, int]] = {}
    for measure, place, count in await db.execute(summed):
        found.setdefault(measure, {})[place] = int(count)
    return found
