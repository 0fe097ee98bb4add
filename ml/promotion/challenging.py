"""The challenger: scores live traffic beside the champion, in the shadow. Nobody is shown its points."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.credit.grades import Grade
from domain.credit.scores import Score
from domain.credit.scoring import NotEnoughKnown
from domain.facts import readings
from domain.people import invented
from infra import clock
from infra.database import Db
from infra.entity import Entity, OwnerId
from infra.privacy import Erasure, Export, Privacy
from ml.live.serving import live_challenger_model
from ml.score.scoring import score_with


class ChallengerScore(Entity):
    """Side by side: the same person, the same facts, the same moment. NULL where the challenger knows not enough."""

    __tablename__ = "challenger_scores"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.SHREDDED)

    user_id: Mapped[OwnerId]
    score_id: Mapped[UUID] = mapped_column(primary_key=True)
    challenger: Mapped[str] = mapped_column(primary_key=True)
    champion: Mapped[str]
    champion_points: Mapped[int]
    champion_grade: Mapped[Grade]
    points: Mapped[int | None]
    grade: Mapped[Grade | None]
    scored_at: Mapped[datetime]


_live = live_challenger_model()


def is_there() -> bool:
    """Whether there is a challenger, as of the last heartbeat; where nobody has looked yet, there may be one."""
    return _live.may_be_there


async def keep_up(db: Db) -> None:
    await _live.keep_up(db)


async def catch_up(db: Db) -> None:
    await _live.catch_up(db)


async def score_beside(db: Db, user_id: UUID, score_id: UUID) -> None:
    """What the challenger makes of the facts that the champion's score was made from. Once for each score."""
    await _live.keep_up(db)
    challenger, score = _live.current(), await db.get(Score, (user_id, score_id))
    if challenger is None or score is None:
        return
    answer = score_with(challenger, await readings.sheet(db, user_id, score.as_of))
    points, grade = (None, None) if isinstance(answer, NotEnoughKnown) else (answer.points, answer.grade)
    row = insert(ChallengerScore).values(
        user_id=user_id,
        score_id=score_id,
        challenger=challenger.version,
        champion=score.model_version,
        champion_points=score.points,
        champion_grade=score.grade,
        points=points,
        grade=grade,
        scored_at=await clock.now(db),
    )
    await db.execute(row.on_conflict_do_nothing())


@dataclass(frozen=True)
class SideBySide:
    """What shadow scoring has shown so far. `moved` counts people whose grade would be another."""

    scores: int
    unknown: int
    mean_difference: float | None  # challenger's points less the champion's
    moved: int


async def side_by_side(db: Db, challenger: str) -> SideBySide:
    mine = ChallengerScore
    differs = mine.grade.is_distinct_from(mine.champion_grade) & mine.grade.is_not(None)
    counted = select(
        func.count(),
        func.count().filter(mine.points.is_(None)),
        func.avg(mine.points - mine.champion_points),
        func.count().filter(differs),
    ).where(mine.challenger == challenger, invented.counts(mine.user_id))
    count, unknown, mean, moved = (await db.execute(counted)).one()
    return SideBySide(count, unknown, None if mean is None else float(mean), moved)
