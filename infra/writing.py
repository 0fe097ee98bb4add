"""Writing: new rows of several tables in one statement, at once, where a flush would ask for one after the other."""

from functools import lru_cache
from typing import Any, cast

from sqlalchemy import CTE, Select, Table, bindparam, insert, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from infra.entity import Entity
from infra.questions import Question, ask_alone


async def write(db: AsyncSession, *rows: Entity) -> None:
    """Insert them; then they are the session's. Of tables whose columns the database fills in by itself it writes none."""
    given = {_name(place, key): value for place, row in enumerate(rows) for key, value in _values_of(row)}
    await ask_alone(db, _writing(tuple(map(type, rows))), **given)
    for row in rows:
        for key, value in _values_of(row):
            set_committed_value(row, key, value)  # also what was left as it is by default
        make_transient_to_detached(row)
        db.add(row)


def _values_of(row: Entity) -> list[tuple[str, Any]]:
    return [(column.key, getattr(row, column.key)) for column in row.__table__.columns]


@lru_cache(64)
def _writing(tables: tuple[type[Entity], ...]) -> Question[int]:
    def build() -> Select[int]:
        written = [_insert(cast(Table, each.__table__), place) for place, each in enumerate(tables)]
        return cast(Select[int], select(literal_column("1")).add_cte(*written))

    return Question(build)


def _insert(table: Table, place: int) -> CTE:
    assert not any(column.server_default for column in table.columns), f"the database fills in some of {table.name}"
    new = {column.key: bindparam(_name(place, column.key), type_=column.type) for column in table.columns}
    return insert(table).values(new).cte(f"written_{place}")


def _name(place: int, key: str) -> str:
    return f"new_{place}_{key}"
