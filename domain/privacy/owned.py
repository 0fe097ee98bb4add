"""Which rows are a person's, of every table that holds people: one walk for what is exported and what is erased."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, LargeBinary, Select, Table, select

from domain.actors import UserActor
from infra.entity import Entity
from infra.privacy import Privacy

SEALED = "_sealed"
NO_SESSION = UUID(int=0)
# Where a value is sealed under another place than its column's name: what it was first called is sealed into what is stored.
PLACES = {"impressions.row": "showings.row"}


def kinds() -> Iterator[tuple[type[Entity], Privacy]]:
    """Every table that says what becomes of a person's rows in it, by name."""
    mapped = [mapper.class_ for mapper in Entity.registry.mappers]
    for entity in sorted(mapped, key=lambda each: str(each.__tablename__)):
        if isinstance(privacy := getattr(entity, "__privacy__", None), Privacy):
            yield entity, privacy


def is_theirs(table: Table, user_id: UUID) -> ColumnElement[bool] | None:
    """The rows of one person; None of a table in which no column says whose a row is."""
    if "user_id" in table.c:
        return table.c.user_id == user_id
    if table.name == "receipts":
        return table.c.actor == UserActor(user_id, NO_SESSION).name
    return table.c.id == user_id if table.name == "users" else None


def rows_of(table: Table, user_id: UUID) -> Select[Any] | None:
    theirs = is_theirs(table, user_id)
    return None if theirs is None else select(table).where(theirs).order_by(*table.primary_key.columns)


def place_of(table: Table, column: str) -> str:
    """Under which place a sealed column is closed."""
    place = f"{table.name}.{column.removesuffix(SEALED)}"
    return PLACES.get(place, place)


def is_raw(table: Table, column: str) -> bool:
    """Whether a column holds a hash or an index: bytes that are no seal, and tell nobody anything."""
    return isinstance(table.c[column].type, LargeBinary) and not column.endswith(SEALED)
