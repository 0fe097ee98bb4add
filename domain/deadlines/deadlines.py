"""Deadline: by when something that a person waits for is to be done. One that is missed is told to them and shown to the staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Select, extract, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from domain.notices.kinds import NoticeKind
from domain.notices.telling import notify
from domain.people import worlds
from infra import clock, outbox
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.events import declare
from infra.outbox import Event
from infra.privacy import Erasure, Export, Privacy
from infra.reactions import reaction
from infra.revisions import Raised, raises

DUE, MISSED = declare("deadline.due"), declare("deadline.missed", kind=str)


@dataclass(frozen=True)
class DeadlineKind:
    """`name` for the staff; `told` is what the person hears when it is missed, about `subject_id` of it."""

    code: str
    name: str
    told: NoticeKind


KINDS: dict[str, DeadlineKind] = {}


def declare_kind(kind: DeadlineKind) -> DeadlineKind:
    """Said once, by the room whose promise it is."""
    assert kind.code not in KINDS, f"two deadlines are called {kind.code}"
    KINDS[kind.code] = kind
    return kind


@raises(Raised.BY_ANOTHER)
class Deadline(Entity):
    """A time that was promised: of `subject_id`, as a draw-down, and of `about_id`, what the person sees of it, as the
    agreement. `ended_at`: when it was done, in time or not.
    """

    __tablename__ = "deadlines"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.KEPT)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    about_id: Mapped[UUID]
    begun_at: Mapped[datetime]
    due_at: Mapped[datetime]
    missed_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (
        Index(None, "user_id", "kind", "subject_id", unique=True),
        Index("ix_deadlines_missed", "missed_at", postgresql_where="missed_at IS NOT NULL AND ended_at IS NULL"),
    )


async def begin(
    db: Db, kind: DeadlineKind, user_id: UUID, subject_id: UUID, about_id: UUID, due_at: datetime
) -> Deadline:
    """Promise that it is done by then; whoever does it calls `end`."""
    now = await clock.now(db)
    deadline = Deadline(
        user_id=user_id, kind=kind.code, subject_id=subject_id, about_id=about_id, begun_at=now, due_at=due_at
    )
    db.add(deadline)
    await outbox.announce(db, DUE, user_id=user_id, subject_id=deadline.id, due_at=due_at)
    return deadline


async def begin_once(
    db: Db, kind: DeadlineKind, user_id: UUID, subject_id: UUID, about_id: UUID, due_at: datetime
) -> None:
    """Begin as `begin` does, unless it was promised before. Whoever asks holds the row of what is promised."""
    its = select(Deadline.id).where(Deadline.user_id == user_id, Deadline.kind == kind.code)
    if await db.scalar(its.where(Deadline.subject_id == subject_id)) is None:
        await begin(db, kind, user_id, subject_id, about_id, due_at)


async def end(db: Db, kind: DeadlineKind, user_id: UUID, subject_id: UUID) -> None:
    """Note that it is done, in time or not; where nothing was promised, or it was done before, this changes nothing."""
    its = update(Deadline).where(Deadline.user_id == user_id, Deadline.kind == kind.code)
    its = its.where(Deadline.subject_id == subject_id, Deadline.ended_at.is_(None))
    await db.execute(its.values(ended_at=await clock.now(db)))


async def end_all(db: Db, user_id: UUID) -> None:
    """Nobody waits any more for what was promised to them, in time or not: they leave."""
    its = update(Deadline).where(Deadline.user_id == user_id, Deadline.ended_at.is_(None))
    await db.execute(its.values(ended_at=await clock.now(db)))


@reaction(DUE, stored_as="miss_deadline")
async def miss(db: Db, event: Event) -> None:
    """What was not done by now is missed: the staff sees it until it is done."""
    its = select(Deadline).where(Deadline.user_id == event.user_id, Deadline.id == event.subject_id)
    deadline = (await db.execute(its.with_for_update())).scalar_one()
    now = await clock.now(db)
    if deadline.ended_at is not None or deadline.missed_at is not None or deadline.due_at > now:
        return
    deadline.missed_at = now
    await outbox.announce(db, MISSED, user_id=deadline.user_id, subject_id=deadline.id, kind=deadline.kind)


@reaction(MISSED, stored_as="tell_deadline_missed")
async def tell_deadline_missed(db: Db, event: Event) -> None:
    """What was done meanwhile is not told to be missed."""
    deadline = await db.get_one(Deadline, (event.user_id, event.subject_id))
    if deadline.ended_at is None:
        await notify(db, deadline.user_id, KINDS[deadline.kind].told, deadline.about_id)


async def missed(db: Db, limit: int) -> Sequence[Deadline]:
    """Deadlines that are not done yet, the oldest first."""
    return (await db.execute(_missed().order_by(Deadline.missed_at, Deadline.id).limit(limit))).scalars().all()


async def count_missed(db: Db) -> tuple[int, float]:
    """How many are not done yet, and for how many seconds the oldest is missed; 0 where none is."""
    since = extract("epoch", func.longan_now() - func.min(Deadline.missed_at))
    count, seconds = (await db.execute(_missed().with_only_columns(func.count(), since))).one()
    return count, float(seconds or 0)


def _missed() -> Select[Deadline]:
    open_ones = select(Deadline).where(Deadline.missed_at.is_not(None), Deadline.ended_at.is_(None))
    return open_ones.where(worlds.of_live_person(Deadline.user_id))
