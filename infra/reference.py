"""Reference: what everybody sees alike and what seldom changes, kept in each process under everybody's revision."""

from collections.abc import Awaitable, Callable, Hashable
from time import monotonic
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from infra import lasting, revisions
from infra.database import reading
from infra.questions import Question
from infra.reads import Reads
from infra.revisions import EVERYBODY

T = TypeVar("T")
SECONDS = 3_600.0  # by far less than revisions are kept
_all: WeakSet["Reference[Any]"] = WeakSet()
_ASKED = Question(lambda: select(revisions.revision_of(EVERYBODY)))


async def revision() -> int | None:
    """Everybody's revision: as it is now, or as it was when the query began that is being answered."""
    known = lasting.revision_at_start()
    return known[0] if known is not None else (await _ASKED.ask())[0][0]


async def _alone(load: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async with reading() as db:
        return await load(db)


def forget() -> None:
    """Read everything anew when it is asked for next."""
    for each in _all:
        each._kept = None


class Reference(Generic[T]):
    """What is read once, and kept until somebody changes some of it. `also` names what else it depends on."""

    def __init__(self) -> None:
        self._kept: tuple[Hashable, float, T] | None = None
        _all.add(self)

    async def current(
        self, db: AsyncSession | None, load: Callable[[AsyncSession], Awaitable[T]], *, also: Hashable = None
    ) -> T:
        if db is not None and not isinstance(db, Reads):
            return await load(db)  # a transaction sees what it has changed itself
        made_from = await revision(), also
        if self._kept is None or self._kept[0] != made_from or monotonic() - self._kept[1] > SECONDS:
            self._kept = made_from, monotonic(), await (load(db) if db is not None else _alone(load))
        return self._kept[2]
