"""Writing: new rows of several tables in one statement, at once, where a flush would ask for one after the other."""

from functools import cache
from typing import Any, cast

from sqlalchemy import Table, bindparam
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from infra.entity import Entity
from infra.questions import WritingQuestion, ask_within


async def write(db: AsyncSession, *rows: Entity) -> None:
    """Insert them; then they are the session's. Of tables whose columns the database fills in by itself it writes none."""
    await ask_within(db, [(_writing(type(row)), given_of(row)) for row in rows])
    for row in rows:
        for column in row.__table__.columns:
            set_committed_value(row, column.key, getattr(row, column.key))  # also what was left as it is by default
        take_in(db, row)


def take_in(db: AsyncSession, row: Entity) -> None:
    """Let the session know a row that was just written."""
    make_transient_to_detached(row)
    db.add(row)


def insert_of(kind: type[Entity]) -> Insert:
    """The insert of one row, whose values are those that `given_of` answers."""
    table = cast(Table, kind.__table__)
    assert not any(column.server_default for column in table.columns), f"the database fills in some of {table.name}"
    return insert(table).values(
        {column.key: bindparam(_name(column.key), type_=column.type) for column in table.columns}
    )


def given_of(row: Entity) -> dict[str, Any]:
    return {_name(column.key): getattr(row, column.key) for column in row.__table__.columns}


@cache
def _writing(kind: type[Entity]) -> WritingQuestion[*tuple[Any, ...]]:
    return WritingQuestion(lambda: insert_of(kind).returning(*cast(Table, kind.__table__).primary_key))


def _name(key: str) -> str:
    return f"new_{key}"
