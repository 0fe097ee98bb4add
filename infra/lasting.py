"""Lasting: what an answer was made from while it was made, and until when that stays true.

Whoever watches learns which tables were read, whether the time or something outside of the database was asked, and when
what was read changes by itself. What nobody accounts for lasts for no time at all.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import event

from infra.entity import Entity
from infra.revisions import Raised

WORD = re.compile(r"\w+")


@dataclass
class Lasting:
    """`doubts`: why the answer is made anew each time. `until`: when it changes by itself; None: never.

    `begun`: everybody's revision when a query began, which then need not be asked again.
    """

    until: datetime | None = None
    doubts: set[str] = field(default_factory=set)
    begun: tuple[int | None] | None = None

    def ends(self, moment: datetime | None) -> None:
        if moment is not None and (self.until is None or moment < self.until):
            self.until = moment


_watched: ContextVar[Lasting | None] = ContextVar("lasting", default=None)


@contextmanager
def watched(begun: tuple[int | None] | None = None) -> Iterator[Lasting]:
    """What this task, and whatever it starts, makes its answer from while the block lasts."""
    lasting = Lasting(begun=begun)
    before = _watched.set(lasting)
    try:
        yield lasting
    finally:
        _watched.reset(before)


@contextmanager
def aside() -> Iterator[None]:
    """What is written down beside an answer, and is no part of it."""
    before = _watched.set(None)
    try:
        yield
    finally:
        _watched.reset(before)


def revision_at_start() -> tuple[int | None] | None:
    lasting = _watched.get()
    return lasting.begun if lasting else None


def until(*moments: datetime | None) -> None:
    """What was read changes by itself at the first of these."""
    if (lasting := _watched.get()) is not None:
        for moment in moments:
            lasting.ends(moment)


def doubt(why: str) -> None:
    """What was read may be otherwise at any time."""
    if (lasting := _watched.get()) is not None:
        lasting.doubts.add(why)


def read(sql: str) -> None:
    """This was asked of the database."""
    if (lasting := _watched.get()) is not None:
        lasting.doubts |= unraised(sql)


@lru_cache(4096)
def unraised(sql: str) -> frozenset[str]:
    """The tables among the words of a statement whose changes raise no revision."""
    return frozenset(word for word in WORD.findall(sql) if word in Entity.metadata.tables and not _is_raised(word))


def _is_raised(table: str) -> bool:
    return isinstance(Entity.metadata.tables[table].info.get("raises"), Raised)


def listen(engine: Any) -> None:
    """Hear what is asked by way of this engine."""
    event.listen(engine.sync_engine, "before_cursor_execute", lambda _conn, _cursor, sql, *_: read(sql))
