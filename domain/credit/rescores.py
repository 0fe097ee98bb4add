"""Rescore: everybody scored anew, in ranges of people. Its rows are the progress, and what a crash goes on from."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from domain.facts.readings import FactsVersion
from infra import clock
from infra.database import Db
from infra.entity import Entity, Id

RANGE_PEOPLE = 20_000
NOBODY, EVERYBODY = UUID(int=0), UUID(int=2**128 - 1)


class RescoreReason(StrEnum):
    MODEL_PROMOTED = "MODEL_PROMOTED"
    FACTS_EXPIRED = "FACTS_EXPIRED"
    ASKED = "ASKED"


class RescoreState(StrEnum):
    RUNNING = "RUNNING"
    DONE = "DONE"
    SUPERSEDED = "SUPERSEDED"


class Rescore(Entity):
    """One that begins supersedes the one that runs: it does all that the other had left."""

    __tablename__ = "rescores"

    id: Mapped[Id] = mapped_column(init=False)
    reason: Mapped[RescoreReason]
    people: Mapped[int]
    begun_at: Mapped[datetime]
    state: Mapped[RescoreState] = mapped_column(default=RescoreState.RUNNING)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class RescoreRange(Entity):
    """People after `after` up to `last`, done up to `cursor`. What is counted was committed together with it."""

    __tablename__ = "rescore_ranges"

    rescore_id: Mapped[UUID] = mapped_column(ForeignKey("rescores.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    after: Mapped[UUID]
    last: Mapped[UUID]
    people: Mapped[int]
    cursor: Mapped[UUID]
    opened_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    scored: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    unreadable: Mapped[int] = mapped_column(default=0)
    cpu_seconds: Mapped[float] = mapped_column(default=0.0)
    told_until: Mapped[datetime | None] = mapped_column(default=None)  # when the last whose points changed hears of it


Index("ix_rescores_running", Rescore.begun_at, postgresql_where=Rescore.state == RescoreState.RUNNING)

BOUNDS = text(
    """
    SELECT (array_agg(user_id ORDER BY user_id DESC))[1] AS last, count(*) AS people
      FROM (SELECT user_id, ntile(:ranges) OVER (ORDER BY user_id) AS number FROM facts_versions) AS everybody
     GROUP BY number ORDER BY number
    """
)


async def lay_out(db: Db, reason: RescoreReason, ranges: int | None) -> Rescore:
    """Write a rescore with its ranges, about equally many people in each."""
    now = await clock.now(db)
    running = Rescore.state == RescoreState.RUNNING
    await db.execute(update(Rescore).where(running).values(state=RescoreState.SUPERSEDED, ended_at=now))
    people = (await db.execute(select(func.count()).select_from(FactsVersion))).scalar_one()
    bounds = (await db.execute(BOUNDS, {"ranges": ranges or max(1, -(-people // RANGE_PEOPLE))})).all()
    rescore = Rescore(reason=reason, people=people, begun_at=now)
    db.add(rescore)
    await db.flush()
    told_until = (await db.execute(select(func.max(RescoreRange.told_until)))).scalar_one()
    # Who comes after everybody is in the last range too.
    lasts = [*(row.last for row in bounds[:-1]), EVERYBODY]
    for number, (row, after, last) in enumerate(zip(bounds, [NOBODY, *lasts], lasts, strict=False)):
        part = RescoreRange(
            rescore_id=rescore.id,
            number=number,
            after=after,
            last=last,
            people=row.people,
            cursor=after,
            told_until=told_until,
        )
        db.add(part)
    await db.flush()
    return rescore


async def open_ranges(db: Db, rescore: Rescore, most: int) -> list[RescoreRange]:
    """Open up to `most` of the ranges that nobody has begun."""
    waiting = select(RescoreRange).where(RescoreRange.rescore_id == rescore.id, RescoreRange.opened_at.is_(None))
    parts = (
        await db.execute(waiting.order_by(RescoreRange.number).limit(most).with_for_update(skip_locked=True))
    ).scalars()
    opened = list(parts)
    for part in opened:
        part.opened_at = await clock.now(db)
    await db.flush()
    return opened


@dataclass(frozen=True)
class Progress:
    """`done` of `people` were looked at; `scored` of those had no score that stood, and `changed` have other points now."""

    state: RescoreState
    people: int
    done: int
    scored: int
    changed: int
    unreadable: int
    cpu_seconds: float


async def progress(db: Db, rescore_id: UUID) -> Progress:
    rescore = await db.get_one(Rescore, rescore_id, populate_existing=True)
    mine = select(RescoreRange).where(RescoreRange.rescore_id == rescore_id, RescoreRange.opened_at.is_not(None))
    parts = list((await db.execute(mine.execution_options(populate_existing=True))).scalars())
    return Progress(
        state=rescore.state,
        people=rescore.people,
        done=sum([part.people if part.ended_at else await _passed(db, part) for part in parts]),
        scored=sum(part.scored for part in parts),
        changed=sum(part.changed for part in parts),
        unreadable=sum(part.unreadable for part in parts),
        cpu_seconds=sum(part.cpu_seconds for part in parts),
    )


async def _passed(db: Db, part: RescoreRange) -> int:
    there = select(func.count()).where(FactsVersion.user_id > part.after, FactsVersion.user_id <= part.cursor)
    return (await db.execute(there)).scalar_one()


async def is_running(db: Db) -> bool:
    found = select(Rescore.id).where(Rescore.state == RescoreState.RUNNING).limit(1)
    return (await db.execute(found)).scalar_one_or_none() is not None


async def latest(db: Db) -> Rescore | None:
    newest = select(Rescore).order_by(Rescore.begun_at.desc(), Rescore.id.desc()).limit(1)
    return (await db.execute(newest)).scalar_one_or_none()
