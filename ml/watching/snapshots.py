"""A snapshot a day of what became of people: who could be scored, who was approved, who paid. Counts only."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, cast, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.applications.decisions import IS_FINAL, Decision, DecisionOutcome
from domain.credit.outcomes import LoanOutcome
from domain.credit.scores import Score, Scoring
from domain.people import invented
from infra import clock
from infra.clock import local_day
from infra.database import Db
from infra.entity import Entity, Json
from ml.watching.groups import Case, by_group

DECIDED_WITHIN = timedelta(days=90)
MATURED_WITHIN = timedelta(days=365)
# Enough to tell a rate to half a point, and a few seconds of work.
CASES_MAX = 20_000
BAND_POINTS = 40  # twice the odds


class WatchSnapshot(Entity):
    """The newest of its day. Of groups, only those of at least twenty people are in it."""

    __tablename__ = "watch_snapshots"

    day: Mapped[date] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime]
    standings: Mapped[Json]  # where scoring stands -> people
    decided: Mapped[list[Any]]  # [[column, group, people, [approved]], ...]
    matured: Mapped[list[Any]]  # [[column, group, people, [bad, expected]], ...]
    truths: Mapped[list[Any]]  # [[model version, grade, band of points, scores, bad, expected], ...]
    figures: Mapped[Json] = mapped_column(default_factory=dict, server_default=text("'{}'"))  # see `figures.py`


async def take(db: Db) -> None:
    now = await clock.now(db)
    row = {
        "day": local_day(now),
        "taken_at": now,
        "standings": await _standings(db),
        "decided": await by_group(db, await _decided(db, now - DECIDED_WITHIN)),
        "matured": await by_group(db, await _matured(db, now - MATURED_WITHIN)),
        "truths": await _truths(db, now - MATURED_WITHIN),
    }
    taken = insert(WatchSnapshot).values(row)
    await db.execute(taken.on_conflict_do_update(index_elements=["day"], set_=row))


async def latest(db: Db) -> WatchSnapshot | None:
    newest = select(WatchSnapshot).order_by(WatchSnapshot.day.desc()).limit(1)
    return (await db.execute(newest)).scalar_one_or_none()


async def _standings(db: Db) -> dict[str, int]:
    """How many people are scored, and why the others are not."""
    where = func.coalesce(Scoring.code, Scoring.state)
    counted = select(where, func.count()).where(invented.counts(Scoring.user_id)).group_by(where)
    rows = await db.execute(counted)
    return {str(row[0]): int(row[1]) for row in rows}


async def _decided(db: Db, since: datetime) -> list[Case]:
    """The newest final decision about each person, as one figure: 1 where it approved."""
    newest = (
        select(Decision.user_id, Decision.outcome, Decision.decided_at)
        .where(IS_FINAL, Decision.decided_at >= since, invented.counts(Decision.user_id))
        .order_by(Decision.id.desc())
        .limit(CASES_MAX)
    )
    cases: dict[Any, Case] = {}
    for user_id, outcome, decided_at in await db.execute(newest):
        approved = float(outcome == DecisionOutcome.APPROVE)
        cases.setdefault(user_id, (user_id, local_day(decided_at), (approved,)))
    return list(cases.values())


async def _matured(db: Db, since: datetime) -> list[Case]:
    """The newest outcome of each person: 1 where it was bad, and the probability that was told before."""
    newest = (
        select(LoanOutcome.user_id, LoanOutcome.bad, Score.probability, Score.as_of)
        .join(Score, (Score.user_id == LoanOutcome.user_id) & (Score.id == LoanOutcome.score_id))
        .where(LoanOutcome.observed_at >= since, invented.counts(LoanOutcome.user_id))
        .order_by(LoanOutcome.observed_at.desc(), LoanOutcome.score_id)
        .limit(CASES_MAX)
    )
    cases: dict[Any, Case] = {}
    for user_id, bad, probability, as_of in await db.execute(newest):
        cases.setdefault(user_id, (user_id, local_day(as_of), (float(bad), probability)))
    return list(cases.values())


async def _truths(db: Db, since: datetime) -> list[Any]:
    """What was told and what came of it, by model, grade and band of points."""
    band = Score.points - Score.points % BAND_POINTS
    summed = (
        select(
            Score.model_version,
            Score.grade,
            band,
            func.count(),
            func.sum(cast(LoanOutcome.bad, Integer)),
            func.sum(Score.probability),
        )
        .join(Score, (Score.user_id == LoanOutcome.user_id) & (Score.id == LoanOutcome.score_id))
        .where(LoanOutcome.observed_at >= since, invented.counts(LoanOutcome.user_id))
        .group_by(Score.model_version, Score.grade, band)
        .order_by(Score.model_version, Score.grade, band)
    )
    return [list(row) for row in await db.execute(summed)]
