"""Invented people: a past for a house that has none, on the embedded default only. Every count of people can do without them."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, column, func, select, table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from domain.people import users
from domain.people.users import User
from infra import clock
from infra.database import Db
from infra.entity import Entity
from infra.settings import settings


class InventedPast(Entity):
    """One row, or none. `today`: the day that the past leads up to; `is_counted`: whether counts take its people in."""

    __tablename__ = "invented_pasts"

    people: Mapped[int]
    seed: Mapped[int]
    today: Mapped[date]
    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    is_counted: Mapped[bool] = mapped_column(default=True)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


# A view of the migrations: whoever is invented, unless they are counted; and everybody of a test partner's world.
UNCOUNTED = table("uncounted", column("user_id", Uuid()))


class NotHere(Exception):
    """Somebody wanted to invent people in a house that serves real ones."""


@dataclass(frozen=True)
class PastStanding:
    """How far the past is made, of how many people, and whether they are counted."""

    made: int
    people: int
    is_counted: bool
    is_whole: bool

    @property
    def counted(self) -> int:
        """How many of whom a page counts are invented."""
        return self.made if self.is_counted else 0


def counts(user_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Whether this person is counted, as part of a larger question."""
    return user_id.not_in(select(UNCOUNTED.c.user_id))


def is_real(user_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Whether this person is real, for what real people are told or treated by, which never rests on invented ones."""
    return user_id.not_in(select(User.id).where(User.is_invented))


async def begin(db: Db, *, people: int, seed: int) -> InventedPast:
    """The past that is to be made, or is made already. Refuses `NotHere` where the house is not the embedded default."""
    _refuse_production()
    row = insert(InventedPast).values(people=people, seed=seed, today=await clock.today(db), id=1, is_counted=True)
    await db.execute(row.on_conflict_do_nothing())
    return await db.get_one(InventedPast, 1)


async def invent(db: Db, id: UUID, phone: str) -> bool:
    """Register somebody who never was. False, and nobody is touched, where somebody has their number. Refuses `NotHere`."""
    _refuse_production()
    user = await users.register(db, phone, id=id)
    if user.id != id:
        return False
    user.is_invented = True
    await db.flush()
    return True


def _refuse_production() -> None:
    if not settings().is_embedded:
        raise NotHere("People are invented on the embedded default only.")


async def count(db: Db, is_counted: bool) -> None:
    """Take them in, or leave them out. What was counted before is counted anew by whoever counts."""
    past = await db.get(InventedPast, 1, with_for_update=True)
    if past is not None:
        past.is_counted = is_counted and settings().is_embedded
        await db.flush()


async def standing(db: Db) -> PastStanding | None:
    """None in a house that has no invented past."""
    past = await db.get(InventedPast, 1)
    if past is None:
        return None
    made = (
        await db.execute(select(func.count()).select_from(User).where(User.is_invented, User.tests_for.is_(None)))
    ).scalar_one()
    return PastStanding(made, past.people, past.is_counted and settings().is_embedded, past.ended_at is not None)


async def among(db: Db, ids: set[UUID]) -> dict[UUID, bool]:
    """Tells of each of these people whether they are invented."""
    of_these = select(User.id).where(User.id.in_(ids), User.is_invented)
    found = set((await db.execute(of_these)).scalars())
    return {id: id in found for id in ids}
