"""Runs: what is done for everybody, in ranges of people. Their rows are the progress, and what a crash goes on from.

A use of them has two tables of its own: one of runs and one of ranges, with whatever it counts.
"""

from collections.abc import Sequence
from dataclasses import Field, dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, func, select, true, update
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Mapped, MappedAsDataclass, mapped_column

from domain.facts.readings import FactsVersion
from infra import clock
from infra.database import Db
from infra.entity import Id
from infra.lifecycle import Lifecycle, Move

RANGE_PEOPLE = 20_000
NOBODY, EVERYBODY = UUID(int=0), UUID(int=2**128 - 1)


class RunState(StrEnum):
    RUNNING = "RUNNING"
    DONE = "DONE"
    SUPERSEDED = "SUPERSEDED"


# What a use announces at its end is its own.
LIFE = Lifecycle(
    "Run",
    Move([RunState.RUNNING], RunState.DONE),
    Move([RunState.RUNNING], RunState.SUPERSEDED),
    begins=RunState.RUNNING,
    ends=[RunState.DONE, RunState.SUPERSEDED],
    column="state",
)


class Run(MappedAsDataclass, kw_only=True):
    """Columns of a run. One that begins supersedes the one that runs: it does all that the other had left.

    `everybody` are the people that it goes through, each once, as `user_id`.
    """

    everybody: ClassVar[Select[UUID]] = select(FactsVersion.user_id)

    id: Mapped[Id] = mapped_column(init=False, sort_order=-1)
    people: Mapped[int] = mapped_column(init=False)
    begun_at: Mapped[datetime] = mapped_column(init=False)
    state: Mapped[RunState] = mapped_column(default=RunState.RUNNING)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)

    def rivals(self) -> ColumnElement[bool]:
        """Which runs of its table end when this one begins: all of them, unless its use says otherwise."""
        return true()


class Range(MappedAsDataclass, kw_only=True):
    """Columns of a range: people after `after` up to `last`, done up to `cursor`. What it counts is committed with it:
    of whom nothing could be read, what it took, and whatever the use of it counts.

    The table itself says of which run: `run_id` with its foreign key, first in the primary key.
    """

    run_id: Mapped[UUID]
    number: Mapped[int] = mapped_column(primary_key=True)
    after: Mapped[UUID]
    last: Mapped[UUID]
    people: Mapped[int]
    cursor: Mapped[UUID]
    opened_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    unreadable: Mapped[int] = mapped_column(default=0)
    cpu_seconds: Mapped[float] = mapped_column(default=0.0)

    def follow(self, ended: Self) -> None:
        """Take over what must go on from the range in whose place this one was opened."""


R = TypeVar("R", bound=Run)
P = TypeVar("P", bound=Range)


def _bounds(run: type[Run], ranges: int) -> Select[UUID, int]:
    """The last person of each range, and how many are in it."""
    everybody = run.everybody.subquery()
    number = func.ntile(ranges).over(order_by=everybody.c.user_id).label("number")
    placed = select(everybody.c.user_id, number).subquery()
    last = func.array_agg(aggregate_order_by(placed.c.user_id, placed.c.user_id.desc()), type_=ARRAY(Uuid()))[1]
    bounds = select(last.label("last"), func.count().label("people")).group_by(placed.c.number)
    return bounds.order_by(placed.c.number)


async def lay_out(db: Db, run: Run, part: type[Range], ranges: int | None) -> None:
    """Write a run with its ranges, about equally many people in each."""
    now = await clock.now(db)
    await supersede(db, type(run), run.rivals())
    run.people = (await db.execute(select(func.count()).select_from(run.everybody.subquery()))).scalar_one()
    run.begun_at = now
    db.add(run)
    await db.flush()
    bounds = (await db.execute(_bounds(type(run), ranges or max(1, -(-run.people // RANGE_PEOPLE))))).all()
    # Who comes after everybody is in the last range too.
    lasts = [*(row.last for row in bounds[:-1]), EVERYBODY]
    for number, (row, after, last) in enumerate(zip(bounds, [NOBODY, *lasts], lasts, strict=False)):
        db.add(part(run_id=run.id, number=number, after=after, last=last, people=row.people, cursor=after))
    await db.flush()


async def supersede(db: Db, run: type[Run], which: ColumnElement[bool]) -> None:
    """End these runs where they are; a batch that is at work is finished."""
    over = update(run).where(run.state.in_(LIFE.sources(RunState.SUPERSEDED)), which)
    await db.execute(over.values(state=RunState.SUPERSEDED, ended_at=await clock.now(db)))


async def open_ranges(db: Db, run_id: UUID, part: type[P], most: int) -> list[P]:
    """Open up to `most` of the ranges that nobody has begun."""
    waiting = select(part).where(part.run_id == run_id, part.opened_at.is_(None)).order_by(part.number)
    opened = list((await db.execute(waiting.limit(most).with_for_update(skip_locked=True))).scalars())
    for each in opened:
        each.opened_at = await clock.now(db)
    await db.flush()
    return opened


async def is_any_left(db: Db, run_id: UUID, part: type[Range]) -> bool:
    left = select(part.number).where(part.run_id == run_id, part.ended_at.is_(None)).limit(1)
    return (await db.execute(left)).scalar_one_or_none() is not None


@dataclass(frozen=True, kw_only=True)
class RunProgress:
    """`done` of `people` were looked at. A use adds what it counts, by the names of its range's columns; and under LATEST the last
    moment of any.
    """

    state: RunState
    people: int
    done: int
    unreadable: int
    cpu_seconds: float


T = TypeVar("T", bound=RunProgress)
OF_THE_RUN = {"state", "people", "done"}
LATEST = {"latest": True}  # metadata of a field; without it, it is the sum over the ranges


async def progress(db: Db, run: type[Run], part: type[Range], run_id: UUID, shape: type[T]) -> T:
    found = await db.get_one(run, run_id, populate_existing=True)
    mine = select(part).where(part.run_id == run_id, part.opened_at.is_not(None))
    begun = list((await db.execute(mine.execution_options(populate_existing=True))).scalars())
    done = sum([each.people if each.ended_at else await _passed(db, run, each) for each in begun])
    gathered = {each.name: _gathered(each, begun) for each in fields(shape) if each.name not in OF_THE_RUN}
    return shape(state=found.state, people=found.people, done=done, **gathered)


def _gathered(told: Field[Any], ranges: Sequence[Range]) -> Any:
    values = [getattr(each, told.name) for each in ranges]
    return max(filter(None, values), default=None) if told.metadata == LATEST else sum(values)


async def _passed(db: Db, run: type[Run], part: Range) -> int:
    everybody = run.everybody.subquery().c
    there = select(func.count()).where(everybody.user_id > part.after, everybody.user_id <= part.cursor)
    return (await db.execute(there)).scalar_one()


async def is_running(db: Db, run: type[Run]) -> bool:
    found = select(run.id).where(run.state == RunState.RUNNING).limit(1)
    return (await db.execute(found)).scalar_one_or_none() is not None


async def latest(db: Db, run: type[R]) -> R | None:
    newest = select(run).order_by(run.begun_at.desc(), run.id.desc()).limit(1)
    return (await db.execute(newest)).scalar_one_or_none()
