"""Change: what one of the staff changed, with who, when, before and after. Written in the transaction of the change, for good."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import StaffActor
from infra import clock
from infra.database import Db
from infra.entity import Entity, Id, Json
from infra.records import Record

Content = Mapping[str, Any]  # by the names that clients know, of plain values


class Change(Entity):
    """`noun` and `subject` say what was changed, as "benefit" and its code; never a person. `before` is None where it is new.
    `before` and `after` hold only what differs.
    """

    __tablename__ = "changes"
    __record__ = Record()

    id: Mapped[Id] = mapped_column(init=False)
    at: Mapped[datetime]
    by_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    noun: Mapped[str]
    subject: Mapped[str]
    before: Mapped[Json | None]
    after: Mapped[Json]

    __table_args__ = (Index(None, "noun", "subject", "id"), Index(None, "by_id"))


async def record(db: Db, actor: StaffActor, noun: str, subject: str, *, before: Content | None, after: Content) -> None:
    """Write down a change; where nothing differs, nothing."""
    differs = [name for name in after if before is None or before.get(name) != after[name]]
    if not differs:
        return
    left = None if before is None else {name: before.get(name) for name in differs}
    reached = {name: after[name] for name in differs}
    at = await clock.now(db)
    db.add(Change(at=at, by_id=actor.staff_id, noun=noun, subject=subject, before=left, after=reached))
    await db.flush()


def all_changes() -> Select[Change]:
    return select(Change)
