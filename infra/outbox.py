"""What happened, written in the same transaction as the change, with a row for each reaction that owes to it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy import Sequence as Positions
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from infra import clock, events, reactions
from infra.copying import copy_in
from infra.entity import Entity, Id, Json
from infra.ids import new_id
from infra.privacy import Erasure, Export, Privacy
from infra.records import Record

POSITIONS = Positions("event_positions", metadata=Entity.metadata)


class Event(Entity):
    """A fact of the past tense, as `application.submitted`. Its data are ids and codes, never anything personal.

    `position`: what was written while a row was locked stands behind what was written of it before, whatever the clocks of
    the machines say that ids are made by. Of what is written at once it says nothing.
    """

    __tablename__ = "events"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)
    __record__ = Record()

    id: Mapped[Id] = mapped_column(init=False)
    name: Mapped[str]
    user_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None]
    data: Mapped[Json]
    occurred_at: Mapped[datetime]
    position: Mapped[int | None] = mapped_column(
        BigInteger, server_default=POSITIONS.next_value(), nullable=False, init=False, default=None
    )

    __table_args__ = (
        Index(None, "subject_id", "name"),
        Index(None, "occurred_at"),
        Index(
            "ix_events_user_id", "user_id", postgresql_where=text("user_id IS NOT NULL")
        ),  # whoever leaves takes theirs along
    )


class EventReaction(Entity):
    """One reaction that an event owes: due until it is handled, parked for a person to look at after too many attempts.

    `waiting_since` is when it first was due, once it was handed over. `claimed_by` calls out just now, until it says more.
    """

    __tablename__ = "event_reactions"

    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), primary_key=True)
    reaction: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    waiting_since: Mapped[datetime | None] = mapped_column(default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[UUID | None] = mapped_column(default=None)
    claimed_until: Mapped[datetime | None] = mapped_column(default=None)
    handled_at: Mapped[datetime | None] = mapped_column(default=None)
    parked_at: Mapped[datetime | None] = mapped_column(default=None)
    last_error: Mapped[str | None] = mapped_column(default=None)
    # Never read by it: an event is written before what it owes.
    event: Mapped[Event | None] = relationship(default=None, lazy="raise", repr=False)


Index(
    "ix_event_reactions_due",
    EventReaction.due_at,
    postgresql_where=EventReaction.handled_at.is_(None) & EventReaction.parked_at.is_(None),
)

Index("ix_event_reactions_handled", EventReaction.handled_at, postgresql_where=EventReaction.handled_at.is_not(None))

Index(
    "ix_event_reactions_waiting",
    EventReaction.waiting_since,
    postgresql_where=EventReaction.handled_at.is_(None) & EventReaction.waiting_since.is_not(None),
)


async def announce(
    db: AsyncSession,
    name: str,
    *,
    user_id: UUID | None = None,
    subject_id: UUID | None = None,
    due_at: datetime | None = None,
    **data: events.Datum,
) -> Event:
    """Write an event that somebody declared. Its reactions run in the worker after the commit, or when `due_at` comes."""
    events.check(name, data)
    now = await clock.now(db)
    event = Event(name=name, user_id=user_id, subject_id=subject_id, data=dict(data), occurred_at=now)
    await owe(db, event, reactions.owed_to(name), due_at or now)
    return event


async def owe(db: AsyncSession, event: Event, names: Iterable[str], due_at: datetime) -> None:
    """Let an event, new or written before, owe these reactions; the bell rings for them after the commit."""
    db.add(event)
    db.add_all(EventReaction(event_id=event.id, reaction=name, due_at=due_at, event=event) for name in names)
    wake(db, event.user_id)


def wake(db: AsyncSession, user_id: UUID | None) -> None:
    """Let the bell ring after the commit: what this person's open subscriptions show is another."""
    db.info.setdefault("announced", []).append(user_id)


async def announce_all(
    db: AsyncSession,
    name: str,
    about: Sequence[tuple[UUID, UUID | None]],
    *,
    first_at: datetime | None = None,
    apart: timedelta = timedelta(0),
    dues: Sequence[datetime] | None = None,
    **data: events.Datum,
) -> None:
    """Announce one event about many, given as (user, subject), in two round trips; each due at its own of `dues`, or one after
    another, `apart`.
    """
    events.check(name, data)
    now, owing = await clock.now(db), reactions.owed_to(name)
    first = first_at or now
    times = dues if dues is not None else [first + place * apart for place in range(len(about))]
    each = [(new_id(), *whom, due_at) for whom, due_at in zip(about, times, strict=True)]
    common = {"name": name, "data": data, "occurred_at": now}
    happened = [
        {"id": id, "user_id": user_id, "subject_id": subject_id, **common} for id, user_id, subject_id, _ in each
    ]
    await copy_in(db, Event, happened)
    owed = [
        {"event_id": id, "reaction": reaction, "due_at": due_at, "attempts": 0}
        for id, _, _, due_at in each
        for reaction in owing
    ]
    await copy_in(db, EventReaction, owed)
    db.info.setdefault("announced", []).extend(user_id for user_id, _ in about)
