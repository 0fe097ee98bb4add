"""Revision: names all that one person can see, or everybody; whoever changes some of it raises it.

Triggers write a row for each statement that changed something. None waits for another, however many write at once. A
revision is made of all its rows, so one that is committed late counts too. They are kept for longer than any answer.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, BindParameter, Index, ScalarSelect, func, select
from sqlalchemy.orm import Mapped, mapped_column

from infra.entity import Entity, OwnerId
from infra.privacy import Erasure, Export, Privacy

EVERYBODY = UUID(int=0)
KEPT = timedelta(days=1)
T = TypeVar("T", bound=type[Entity])


class Raised(StrEnum):
    """Whose revision a change of a table raises. Of one without this word nothing is kept that was read from it."""

    OWNERS = "OWNERS"
    EVERYBODYS = "EVERYBODYS"
    SHELFS = "SHELFS"  # the version of the shelf
    BY_ANOTHER = "BY_ANOTHER"  # nobody sees a row but through another table, whose change raises it


class Revision(Entity):
    """One row for each statement that changed what its person sees; EVERYBODY's for what all see."""

    __tablename__ = "revisions"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)  # drawn by lot, so none comes twice
    at: Mapped[datetime]  # by the clock of the server, which no test moves

    __table_args__ = (Index(None, "at"),)


def raises(raised: Raised) -> Callable[[T], T]:
    """Stands above an entity: whose revision its changes raise. A test holds it against the triggers."""

    def mark(entity: T) -> T:
        entity.metadata.tables[entity.__tablename__].info["raises"] = raised
        return entity

    return mark


def revision_of(user_id: UUID | BindParameter[UUID]) -> ScalarSelect[int | None]:
    """The revision of this person, as part of a larger question; NULL where nothing changed lately."""
    return select(func.bit_xor(Revision.id)).where(Revision.user_id == user_id).scalar_subquery()
