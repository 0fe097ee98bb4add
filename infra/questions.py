"""Question: one statement that SQLAlchemy puts together once and asyncpg asks, where a session would cost more than the answer.

Columns and types stay in one place. What only reads may be asked by itself: no transaction, nothing to put back afterwards, and
where the connection was dead it is asked again once, on another.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any, Generic, TypeVar, TypeVarTuple, cast

from sqlalchemy import ColumnElement, Float, Numeric, Select, inspect, or_, select
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, Mapper
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeEngine

from infra import lasting
from infra.connections import connections
from infra.reads import Reads

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Change = Callable[[Any], Any] | None
PARAMETER = re.compile(r"\$(\d+)")
DOUBLE, NUMERIC = 701, 1700  # their numbers among Postgres's types, which a processor of numbers asks for
DIALECT: DefaultDialect = PGDialect_asyncpg()  # type: ignore[no-untyped-call]


class Question(Generic[*Ts]):
    """`build` is called once, when it is asked first: it may need settings."""

    def __init__(self, build: Callable[[], Select[*Ts]]) -> None:
        self._build = build

    async def ask(self, **given: Any) -> list[tuple[*Ts]]:
        """The rows, where `given` fills in the parameters by name. An entity among the columns is read, and of no session."""
        lasting.read(self.sql)
        return self.rows(await connections().fetch(self.sql, self.values(given)))

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the statement's parameters."""
        said = {**self._constants, **given}
        return [said[name] if change is None else change(said[name]) for name, change in self._asked]

    def rows(self, sent: Iterable[Sequence[Any]]) -> list[tuple[*Ts]]:
        """What Postgres sent, as the columns' types tell it."""
        return [cast(tuple[*Ts], self._read(row)) for row in sent]

    @cached_property
    def query(self) -> Select[*Ts]:
        return self._build()

    @cached_property
    def sql(self) -> str:
        return str(self._compiled)

    @cached_property
    def _compiled(self) -> Any:
        return self.query.compile(dialect=DIALECT)

    @cached_property
    def _constants(self) -> dict[str, Any]:
        binds = self._compiled.binds.items()
        return {name: bind.effective_value for name, bind in binds if not bind.required}

    @property
    def width(self) -> int:
        """How many parameters the statement has."""
        return len(self._asked)

    @cached_property
    def _asked(self) -> list[tuple[str, Change]]:
        binds = self._compiled.binds
        names = self._compiled.positiontup or []
        return [(name, binds[name].type.dialect_impl(DIALECT).bind_processor(DIALECT)) for name in names]

    @cached_property
    def _read(self) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
        return reader_of(cast(Select[Any], self.query))


class WritingQuestion(Question[*Ts]):
    """What writes rows and tells of them. Asked together with others it is one statement with them, and they do not see yet
    what it wrote.
    """

    def __init__(self, build: Callable[[], ReturningInsert[*Ts]]) -> None:
        super().__init__(cast(Callable[[], Select[*Ts]], build))

    @cached_property
    def _read(self) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
        return reader_of(select(*cast(Any, self.query).exported_columns))


def reader_of(query: Select[Any]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Turns a row as it was sent into one of entities and values, as a session would answer it."""
    types = [column.type.dialect_impl(DIALECT) for column in query.selected_columns]
    changes = [type.result_processor(DIALECT, _number_of(type)) for type in types]
    makers, place = [], 0
    for told in query.column_descriptions:
        mapper = inspect(told["type"], raiseerr=False) if told["expr"] is told.get("entity") else None
        wide = len(mapper.columns) if mapper else 1
        makers.append((slice(place, place + wide), _maker(mapper) if mapper else itemgetter(0)))
        place += wide
    is_plain = not any(changes)

    def read(row: Sequence[Any]) -> tuple[Any, ...]:
        values = tuple(row) if is_plain else tuple(map(_changed, row, changes))
        return tuple(make(values[where]) for where, make in makers)

    return read


def _number_of(type: TypeEngine[Any]) -> int | None:
    match type:
        case Float():
            return DOUBLE
        case Numeric():
            return NUMERIC
    return None


def _maker(mapper: Mapper[Any]) -> Callable[[Sequence[Any]], Any]:
    """Makes an entity of no session; None where an outer join found none."""
    names = [mapper.get_property_by_column(column).key for column in mapper.columns]
    key = names.index(mapper.get_property_by_column(mapper.primary_key[0]).key)
    new = mapper.class_manager.new_instance

    def make(values: Sequence[Any]) -> Any:
        if values[key] is None:
            return None
        made = new()
        vars(made).update(zip(names, values, strict=True))
        return made

    return make


def _changed(value: Any, change: Change) -> Any:
    return value if change is None else change(value)


def one_of(column: ColumnElement[T] | InstrumentedAttribute[T], values: Iterable[T]) -> ColumnElement[bool]:
    """A condition as `in_`, whose parameters SQLAlchemy writes only when it asks by itself."""
    return or_(*(column == value for value in values))


Asked = tuple[Question[*tuple[Any, ...]], Mapping[str, Any]]
Asking = Sequence[Asked]


async def ask_together(asked: Asking) -> list[list[Any]]:
    """The rows of each of these questions, in one statement."""
    return await _ask_together(connections().fetch, asked)


async def ask_of(db: AsyncSession, asked: Asking) -> list[list[Any]]:
    """Ask by whatever session is held: a read asks by itself, a transaction sees all that it has changed."""
    if isinstance(db, Reads):
        return await ask_together(asked)
    await db.flush()
    return await ask_within(db, asked)


async def ask_alone(db: AsyncSession, question: Question[*Ts], **given: Any) -> list[tuple[*Ts]]:
    """Ask one as this transaction sees it, by itself."""
    connection = await db.connection()
    sent = await connection.exec_driver_sql(question.sql, tuple(question.values(given)))
    return question.rows(sent.all())


async def ask_within(db: AsyncSession, asked: Asking) -> list[list[Any]]:
    """Ask as this transaction sees it; of what it has changed, only what is flushed."""
    connection = await db.connection()

    async def fetch(sql: str, values: Sequence[Any]) -> list[Any]:
        return [*(await connection.exec_driver_sql(sql, tuple(values))).all()]

    return await _ask_together(fetch, asked)


async def _ask_together(fetch: Callable[[str, Sequence[Any]], Awaitable[list[Any]]], asked: Asking) -> list[list[Any]]:
    questions = tuple(question for question, _ in asked)
    sql = joined(questions)
    lasting.read(sql)
    values = [value for question, given in asked for value in question.values(given)]
    (row,) = await fetch(sql, values)
    return [question.rows(sent) for question, sent in zip(questions, row, strict=True)]


@lru_cache(1024)
def joined(questions: tuple[Question[*tuple[Any, ...]], ...]) -> str:
    """One statement whose columns are the rows of each."""
    changes: list[str] = []
    parts, first = [], 0
    for place, question in enumerate(questions):
        sql = PARAMETER.sub(lambda found, first=first: f"${int(found[1]) + first}", question.sql)  # type: ignore[misc]
        first += question.width
        told = f"({sql})"
        if isinstance(question, WritingQuestion):
            told = f"changed_{place}"
            changes.append(f"{told} AS ({sql})")
        parts.append(f"ARRAY(SELECT ROW(q.*) FROM {told} AS q)")  # noqa: S608 - our own words alone
    begins = f"WITH {', '.join(changes)} " if changes else ""
    return f"{begins}SELECT {', '.join(parts)}"
