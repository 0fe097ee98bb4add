"""Breathing space: a while in which by law nothing that a person owes bears interest or costs fees, and nobody presses them."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Index, bindparam, func, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.loaders import ANY_KEY
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.records import Record
from infra.revisions import Raised, raises

REASON, END_REASON = "breathing_spaces.reason", "breathing_spaces.end_reason"
TODAY = bindparam("today", None, type_=Date())


@raises(Raised.OWNERS)
class BreathingSpace(Entity):
    """From the day `from_on` to the day `until_on`, both included, across all that the person owed when it was recorded. Why is sealed.

    `ended_on` is its last day where it was ended before `until_on`.
    """

    __tablename__ = "breathing_spaces"
    __privacy__ = Privacy(Export.GIVEN, Erasure.SHREDDED)
    __record__ = Record(later=("ended_on", "ended_at", "ended_by", "end_reason_sealed"), closed_by="ended_on")

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    from_on: Mapped[date]
    until_on: Mapped[date]
    reason_sealed: Mapped[bytes]
    staff_id: Mapped[UUID]
    recorded_at: Mapped[datetime]
    ended_on: Mapped[date | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_by: Mapped[UUID | None] = mapped_column(default=None)
    end_reason_sealed: Mapped[bytes | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "user_id", "from_on", unique=True),)

    @hybrid_property
    def last_on(self) -> date:
        """The last day of this breathing space."""
        return self.ended_on or self.until_on

    @last_on.inplace.expression
    @classmethod
    def _last_on(cls) -> ColumnElement[date]:
        return func.coalesce(cls.ended_on, cls.until_on)


OF_USERS = Question(
    lambda: select(BreathingSpace).where(
        BreathingSpace.user_id == ANY_KEY, BreathingSpace.from_on <= TODAY, BreathingSpace.last_on >= TODAY
    )
)


def ends_at(spaces: Iterable[BreathingSpace]) -> datetime | None:
    """When the last of these is over; None of none."""
    last = max((each.last_on for each in spaces), default=None)
    return None if last is None else clock.begins(last + timedelta(days=1))


async def is_in_one(db: Db, user_id: UUID) -> bool:
    """Whether this person is in one today."""
    today = await clock.today(db)
    theirs = select(BreathingSpace.id).where(BreathingSpace.user_id == user_id)
    now = theirs.where(BreathingSpace.from_on <= today, BreathingSpace.last_on >= today)
    return (await db.execute(now.limit(1))).first() is not None
