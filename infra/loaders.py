"""Loader: answers by key from one or more questions; what is loaded at the same time is asked in one statement."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, DateTime, Uuid, bindparam, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from infra import clock
from infra.questions import Question, ask_together

V = TypeVar("V")
Key = UUID | tuple[UUID, UUID]  # of a person, or of a person and something of theirs
K = TypeVar("K", bound=Key)
# Of the session that asks, if one does; the keys, the time, and the rows of each question.
Answer = Callable[..., Awaitable[dict[K, V]]]
Asked = Question[*tuple[Any, ...]]

# Where keys are pairs, `keys` are the people and `ids` what is theirs.
KEYS = bindparam("keys", None, type_=ARRAY(Uuid()))
IDS = bindparam("ids", None, type_=ARRAY(Uuid()))
ANY_KEY = func.any(KEYS)
NOW = bindparam("now", None, type_=DateTime(timezone=True))


def is_any_pair(owner: InstrumentedAttribute[UUID], id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """The rows of any of the pairs that are a question's keys."""
    pairs = func.unnest(KEYS, IDS).table_valued("owner", "id").render_derived()
    return tuple_(owner, id).in_(select(pairs.c.owner, pairs.c.id))


def _given(keys: Iterable[Key], now: datetime) -> dict[str, Any]:
    pairs = [key if isinstance(key, tuple) else (key, key) for key in keys]
    return {"keys": [owner for owner, _ in pairs], "ids": [id for _, id in pairs], "now": now}


class Loader(Generic[K, V]):
    """A batch like any other, where it is called with a session; a `Tick` asks it together with others."""

    def __init__(self, questions: Sequence[Asked], answer: Answer[K, V]) -> None:
        self.questions, self.answer = questions, answer

    async def __call__(self, db: AsyncSession, keys: set[K]) -> dict[K, V]:
        now = await clock.dated(db)
        given = _given(keys, now)
        rows = [(await db.execute(question.query, given)).all() for question in self.questions]
        return await self.answer(db, keys, now, *rows)


def loader(*questions: Asked) -> Callable[[Answer[K, V]], Loader[K, V]]:
    """Stands above what makes the answers of the rows: of the session or None, the keys, the time, and each question's rows.

    Each question is of ANY_KEY or `is_any_pair`, and may name NOW.
    """
    return lambda answer: Loader(questions, answer)


class Tick:
    """What one operation loads in one turn of the loop, by whatever loaders, is one statement. Nothing is remembered."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._waiting: defaultdict[Loader[Any, Any], dict[Key, asyncio.Future[Any]]] = defaultdict(dict)
        self._asking: set[asyncio.Task[None]] = set()

    def load(self, loader: Loader[K, V], key: K) -> "asyncio.Future[V | None]":
        loop = asyncio.get_running_loop()
        if not self._waiting:
            # After the tasks too that are begun together with this one.
            loop.call_soon(loop.call_soon, self._begin)
        waiting = self._waiting[loader]
        if key not in waiting:
            waiting[key] = loop.create_future()
        return waiting[key]

    def _begin(self) -> None:
        waiting = dict(self._waiting)
        self._waiting.clear()
        task = asyncio.create_task(self._answer(waiting))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _answer(self, waiting: Mapping[Loader[Any, Any], Mapping[Key, asyncio.Future[Any]]]) -> None:
        futures = [future for each in waiting.values() for future in each.values()]
        try:
            found = await load_together({loader: set(each) for loader, each in waiting.items()}, self._at)
        except Exception as error:
            for future in futures:
                if not future.done():
                    future.set_exception(error)
            return
        for loader, each in waiting.items():
            for key, future in each.items():
                if not future.done():
                    future.set_result(found[loader].get(key))


async def load_together(
    wanted: Mapping[Loader[Any, Any], set[Key]], at: datetime
) -> dict[Loader[Any, Any], Mapping[Key, Any]]:
    """What each loader answers for its keys. A question that two of them share for the same keys is asked once."""
    asked: dict[tuple[Asked, frozenset[Key]], list[Any]] = {
        (question, frozenset(keys)): [] for loader, keys in wanted.items() for question in loader.questions
    }
    given = [(question, _given(keys, at)) for question, keys in asked]
    for place, rows in zip(asked, await ask_together(given), strict=True):
        asked[place] = rows
    return {
        loader: await loader.answer(
            None, keys, at, *(asked[question, frozenset(keys)] for question in loader.questions)
        )
        for loader, keys in wanted.items()
    }
