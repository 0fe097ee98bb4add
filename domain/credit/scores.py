"""Score: the result of one scoring, with all that it was made from."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.credit.grades import Grade
from domain.credit.reasons import Reason
from domain.credit.scoring import Factor, NotEnoughKnown, Scored
from infra import vault
from infra.database import Db
from infra.entity import Entity, Id, Json, OwnerId

VECTOR = "scores.vector"


class ScoringState(StrEnum):
    NOTHING_LINKED = "NOTHING_LINKED"
    WORKING = "WORKING"
    READY = "READY"
    NOT_ENOUGH_KNOWN = "NOT_ENOUGH_KNOWN"


class Score(Entity):
    """Never changed. The sealed vector and the model version replay it to the same number, until the person is erased."""

    __tablename__ = "scores"

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    grade: Mapped[Grade]
    points: Mapped[int]
    base_points: Mapped[int]
    probability: Mapped[float]
    factors_told: Mapped[list[Any]]  # [[code, label, effect], ...]
    reasons_told: Mapped[list[Any]]  # [[code, message, values], ...]
    vector_sealed: Mapped[bytes]
    model_version: Mapped[str]
    simulated: Mapped[bool]
    as_of: Mapped[datetime]
    facts_version: Mapped[int]

    __table_args__ = (Index(None, "user_id", "as_of"),)

    @property
    def factors(self) -> list[Factor]:
        return [Factor(code, label, effect) for code, label, effect in self.factors_told]

    @property
    def reasons(self) -> list[Reason]:
        return [Reason(code, message, values) for code, message, values in self.reasons_told]


class Scoring(Entity):
    """Where a person's scoring stands: the newest score, or why there is none; and which facts it has seen."""

    __tablename__ = "scorings"

    user_id: Mapped[OwnerId]
    state: Mapped[ScoringState]
    facts_version: Mapped[int]
    score_id: Mapped[UUID | None]
    code: Mapped[str | None]
    message: Mapped[str | None]
    values: Mapped[Json]


async def record(db: Db, user_id: UUID, scored: Scored, as_of: datetime, facts_version: int) -> Score:
    seal = await vault.seal_of(db, user_id)
    score = Score(
        user_id=user_id,
        grade=scored.grade,
        points=scored.points,
        base_points=scored.base_points,
        probability=scored.probability,
        factors_told=[[factor.code, factor.label, factor.effect] for factor in scored.factors],
        reasons_told=[[reason.code, reason.message, dict(reason.values)] for reason in scored.reasons],
        vector_sealed=seal.close(dict(scored.vector), VECTOR),
        model_version=scored.model_version,
        simulated=scored.simulated,
        as_of=as_of,
        facts_version=facts_version,
    )
    db.add(score)
    await db.flush()
    return score


async def conclude(db: Db, user_id: UUID, outcome: Score | NotEnoughKnown | None, facts_version: int) -> None:
    """Say where the scoring of this person stands now; None: nothing is linked."""
    row: dict[str, Any] = {
        "state": ScoringState.NOTHING_LINKED,
        "score_id": None,
        "code": None,
        "message": None,
        "values": {},
    }
    match outcome:
        case Score():
            row |= {"state": ScoringState.READY, "score_id": outcome.id}
        case NotEnoughKnown():
            row |= {"state": ScoringState.NOT_ENOUGH_KNOWN, "code": outcome.code}
            row |= {"message": outcome.message, "values": dict(outcome.values)}
    row["facts_version"] = facts_version
    written = insert(Scoring).values(user_id=user_id, **row)
    await db.execute(written.on_conflict_do_update(index_elements=["user_id"], set_=row))


async def scorings_of(db: Db, user_ids: set[UUID]) -> dict[UUID, tuple[Scoring, Score | None]]:
    rows = await db.execute(
        select(Scoring, Score)
        .outerjoin(Score, (Score.user_id == Scoring.user_id) & (Score.id == Scoring.score_id))
        .where(Scoring.user_id.in_(user_ids))
    )
    return {scoring.user_id: (scoring, score) for scoring, score in rows}


async def current(db: Db, user_id: UUID) -> Score | None:
    known = await scorings_of(db, {user_id})
    return known[user_id][1] if user_id in known else None
