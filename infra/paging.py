"""Keyset pages: a cursor is the sort key of a row, so a page costs the same wherever it begins."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Generic, TypeVar

import orjson
from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from infra.calendar import YEAR_MAX, YEAR_MIN
from infra.errors import Refusal, invalid
from infra.questions import Question
from infra.words import N_

FIRST_USUAL, FIRST_MAX = 20, 100
COUNT_MAX = 10_000
T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows with their cursors, in order. `end` points behind the last row, or where the search began if there was none."""

    items: Sequence[T]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool
    end: str | None


def limit_of(first: int | None) -> int:
    """Refuses INVALID outside 0 to FIRST_MAX; FIRST_USUAL where nothing was asked."""
    if first is None:
        return FIRST_USUAL
    if not 0 <= first <= FIRST_MAX:
        raise invalid(N_("Ask for 0 to {most} at a time."), "first", most=FIRST_MAX)
    return first


def encode_cursor(key: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([_plain(part) for part in key])).rstrip(b"=").decode()


def _plain(part: Any) -> Any:
    return part if isinstance(part, int | float | str) else str(part)


def decode_cursor(after: str, parts: int) -> list[Any]:
    try:
        key = orjson.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
    except (ValueError, binascii.Error):
        key = None
    if not isinstance(key, list) or len(key) != parts or any(not isinstance(part, int | float | str) for part in key):
        raise not_ours()
    return key


class PageQuestion(Generic[T]):
    """A page as a question, for a list that is read often. `build` names what narrows it; `keys` are as in `page_of`."""

    def __init__(self, build: Callable[[], Select[T]], keys: Sequence[InstrumentedAttribute[Any]]) -> None:
        self._build, self._keys = build, keys
        self._first = Question(lambda: self._ordered(build()))
        self._further = Question(lambda: self._ordered(build().where(self._is_after())))

    def question(self, after: str | None) -> Question[*tuple[Any, ...]]:
        return self._first if after is None else self._further

    def given(self, first: int | None, after: str | None) -> dict[str, Any]:
        """Parameters of the page itself. Refuses INVALID a wrong number, and a cursor of another list."""
        places = {f"after_{place}": value for place, value in enumerate(_place(after, self._keys))}
        return {"limit": limit_of(first) + 1, **places}

    def page(self, rows: Sequence[Sequence[Any]], first: int | None, after: str | None) -> Page[T]:
        return _page(rows, limit_of(first), after)

    def _ordered(self, query: Select[Any]) -> Select[*tuple[Any, ...]]:
        limited = query.limit(bindparam("limit", type_=Integer()))
        return limited.add_columns(*self._keys).order_by(*self._keys)

    def _is_after(self) -> ColumnElement[bool]:
        binds = [bindparam(f"after_{place}", type_=key.type) for place, key in enumerate(self._keys)]
        return tuple_(*self._keys) > tuple_(*binds)


async def page_of(
    db: AsyncSession,
    query: Select[T],
    keys: Sequence[InstrumentedAttribute[Any]],
    *,
    first: int | None,
    after: str | None,
    newest_first: bool = False,
) -> Page[T]:
    """One page of `query`, ordered by `keys` (unique together)."""
    limit = limit_of(first)
    if after is not None:
        here, there = tuple_(*keys), tuple_(*_place(after, keys))
        query = query.where(here < there if newest_first else here > there)
    order = [key.desc() if newest_first else key.asc() for key in keys]
    return _page((await db.execute(query.add_columns(*keys).order_by(*order).limit(limit + 1))).all(), limit, after)


def _place(after: str | None, keys: Sequence[InstrumentedAttribute[Any]]) -> list[Any]:
    """What a cursor says, as the columns have it."""
    if after is None:
        return []
    return [_typed(part, key) for part, key in zip(decode_cursor(after, len(keys)), keys, strict=True)]


def _page(rows: Sequence[Sequence[Any]], limit: int, after: str | None) -> Page[Any]:
    """Of one row more than fits, if there is one."""
    shown = rows[:limit]
    cursors = [encode_cursor(row[1:]) for row in shown]
    return Page(
        items=[row[0] for row in shown],
        cursors=cursors,
        has_next=len(rows) > limit,
        has_previous=after is not None,
        end=cursors[-1] if cursors else after,
    )


async def count_of(db: AsyncSession, query: Select[Any]) -> int:
    """How many rows `query` has; the database stops counting one beyond COUNT_MAX."""
    counted = (
        query.with_only_columns(literal(1), maintain_column_froms=True).order_by(None).limit(COUNT_MAX + 1).subquery()
    )
    count: int = (await db.execute(select(func.count()).select_from(counted))).scalar_one()
    return count


def _typed(part: Any, key: InstrumentedAttribute[Any]) -> Any:
    """The cursor's JSON value as the column's Python type; a cursor of another list is refused."""
    try:
        python = key.type.python_type
        value = python.fromisoformat(part) if hasattr(python, "fromisoformat") else python(part)
    except (ValueError, TypeError, AttributeError, ArithmeticError, NotImplementedError):
        raise not_ours() from None
    if not _can_be_compared(value):
        raise not_ours()
    return value


def _can_be_compared(value: Any) -> bool:
    match value:
        case int():
            return -(2**63) <= value < 2**63
        case datetime():
            return value.tzinfo is not None and YEAR_MIN <= value.year <= YEAR_MAX
        case date():
            return YEAR_MIN <= value.year <= YEAR_MAX
        case Decimal() | float():
            return isfinite(value)
    return "\0" not in value if isinstance(value, str) else True


def not_ours() -> Refusal:
    return invalid(N_("This cursor does not belong to this list. Start again without it."), "after")
