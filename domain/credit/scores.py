"""Score: the result of one scoring, with all that it was made from."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Index, Row, select, update
from sqlalchemy.orm import Mapped, mapped_column

from domain.credit.grades import Grade
from domain.credit.reasons import Reason
from domain.credit.scoring import Factor, NotEnoughKnown, Scored
from infra import vault
from infra.copying import put_in
from infra.database import Db
from infra.entity import Entity, Id, Json, OwnerId
from infra.events import declare
from infra.lifecycle import without_graph
from infra.loaders import ANY_KEY, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.records import Record
from infra.revisions import Raised, raises

VECTOR = "scores.vector"
CHANGED = declare("score.changed")


class ScoringState(StrEnum):
    NOTHING_LINKED = "NOTHING_LINKED"
    WORKING = "WORKING"
    READY = "READY"
    NOT_ENOUGH_KNOWN = "NOT_ENOUGH_KNOWN"


@raises(Raised.BY_ANOTHER)
class Score(Entity):
    """Never changed. The sealed vector and the model version replay it to the same number, until the person is erased."""

    __tablename__ = "scores"
    __privacy__ = Privacy(Export.GIVEN, Erasure.SHREDDED)
    __record__ = Record()

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

    __table_args__ = (Index(None, "user_id", "as_of"), Index(None, "id"))

    @property
    def factors(self) -> list[Factor]:
        return [Factor(code, label, effect) for code, label, effect in self.factors_told]

    @property
    def reasons(self) -> list[Reason]:
        return [Reason(code, message, values) for code, message, values in self.reasons_told]


@raises(Raised.OWNERS)
class Scoring(Entity):
    """Where a person's scoring stands: the newest score, or why there is none; which facts and which model it has seen."""

    __tablename__ = "scorings"
    __privacy__ = Privacy(Export.INSIDE, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    state: Mapped[ScoringState] = mapped_column(
        info=without_graph("Worked out anew from what is known of the person; any may follow any.")
    )
    facts_version: Mapped[int]
    score_id: Mapped[UUID | None]
    code: Mapped[str | None]
    message: Mapped[str | None]
    values: Mapped[Json]
    model_version: Mapped[str | None] = mapped_column(default=None)
    stale_at: Mapped[datetime | None] = mapped_column(default=None)  # when the first of the facts behind it ends
    unreadable_since: Mapped[datetime | None] = mapped_column(default=None)  # a rescore could not open their facts

    __table_args__ = (Index(None, "stale_at"),)


class ScoringBasis(NamedTuple):
    """What a scoring was made from, besides the vector."""

    facts_version: int
    model_version: str | None = None
    stale_at: datetime | None = None


def is_current(known: Scoring | Row[Any], facts_version: int, model_version: str, now: datetime) -> bool:
    """Whether scoring again would say the same. `known` may be a row with these columns, all NULL for who has no scoring."""
    if known.state is None or known.facts_version != facts_version:
        return False
    is_same_model = known.state == ScoringState.NOTHING_LINKED or known.model_version == model_version
    return is_same_model and (known.stale_at is None or now < known.stale_at)


async def record(db: Db, user_id: UUID, scored: Scored, as_of: datetime, facts_version: int) -> Score:
    seal = await vault.seal_of(db, user_id)
    score = Score(**score_row(user_id, seal, scored, as_of, facts_version))
    db.add(score)
    await db.flush()
    return score


def score_row(user_id: UUID, seal: vault.Seal, scored: Scored, as_of: datetime, facts_version: int) -> dict[str, Any]:
    """The columns of a score but its id."""
    return {
        "user_id": user_id,
        "grade": scored.grade,
        "points": scored.points,
        "base_points": scored.base_points,
        "probability": scored.probability,
        "factors_told": [[factor.code, factor.label, factor.effect] for factor in scored.factors],
        "reasons_told": [[reason.code, reason.message, dict(reason.values)] for reason in scored.reasons],
        "vector_sealed": seal.close(dict(scored.vector), VECTOR),
        "model_version": scored.model_version,
        "simulated": scored.simulated,
        "as_of": as_of,
        "facts_version": facts_version,
    }


async def conclude(
    db: Db,
    user_id: UUID,
    outcome: Score | NotEnoughKnown | None,
    facts_version: int,
    *,
    model_version: str | None = None,
    stale_at: datetime | None = None,
) -> None:
    """Say where the scoring of this person stands now; None: nothing is linked."""
    stands = outcome.id if isinstance(outcome, Score) else outcome
    await conclude_all(db, [scoring_row(user_id, stands, ScoringBasis(facts_version, model_version, stale_at))])


def scoring_row(user_id: UUID, outcome: UUID | NotEnoughKnown | None, basis: ScoringBasis) -> dict[str, Any]:
    """`outcome`: the id of the new score, or why there is none; None: nothing is linked."""
    reason = outcome if isinstance(outcome, NotEnoughKnown) else None
    return {
        "user_id": user_id,
        "state": _state_of(outcome),
        "facts_version": basis.facts_version,
        "score_id": outcome if reason is None else None,
        "code": reason.code if reason else None,
        "message": reason.message if reason else None,
        "values": dict(reason.values) if reason else {},
        "model_version": basis.model_version,
        "stale_at": basis.stale_at,
        "unreadable_since": None,
    }


def _state_of(outcome: UUID | NotEnoughKnown | None) -> ScoringState:
    if outcome is None:
        return ScoringState.NOTHING_LINKED
    return ScoringState.NOT_ENOUGH_KNOWN if isinstance(outcome, NotEnoughKnown) else ScoringState.READY


async def note_unreadable(db: Db, user_ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """Remember whom nobody could open, until a scoring succeeds; answers those who were not known as such."""
    theirs = Scoring.user_id.in_(user_ids)
    known = set((await db.execute(select(Scoring.user_id).where(theirs, Scoring.unreadable_since < now))).scalars())
    await db.execute(update(Scoring).where(theirs, Scoring.unreadable_since.is_(None)).values(unreadable_since=now))
    return [user_id for user_id in user_ids if user_id not in known]


async def conclude_all(db: Db, rows: list[dict[str, Any]]) -> None:
    """Conclude many scorings in one statement, so that it raises the revisions of all of them at once."""
    await put_in(db, Scoring, rows)


SCORINGS = Question(
    lambda: (
        select(Scoring, Score)
        .outerjoin(Score, (Score.user_id == Scoring.user_id) & (Score.id == Scoring.score_id))
        .where(Scoring.user_id == ANY_KEY)
    )
)


@loader(SCORINGS)
async def scorings_of(
    db: Db | None, user_ids: set[UUID], now: datetime, rows: list[tuple[Scoring, Score | None]]
) -> dict[UUID, tuple[Scoring, Score | None]]:
    return {scoring.user_id: (scoring, score) for scoring, score in rows}


async def current(db: Db, user_id: UUID) -> Score | None:
    known = await scorings_of(db, {user_id})
    return known[user_id][1] if user_id in known else None
