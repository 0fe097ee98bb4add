"""Listening to what a test itself sends to Postgres; what the house does beside it, such as its heartbeats, is not counted."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event

from infra.connections import Connections
from infra.database import open_engine, open_reads

_sent: ContextVar[list[str] | None] = ContextVar("sent", default=None)


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL that this task, and whatever it starts, sends while the block lasts."""
    for engine in (open_engine().sync_engine, open_reads().kw["bind"].sync_engine):
        if not event.contains(engine, "before_cursor_execute", _note):
            event.listen(engine, "before_cursor_execute", _note)
    sent: list[str] = []
    before = _sent.set(sent)
    try:
        yield sent
    finally:
        _sent.reset(before)


async def _noted(self: Connections, sql: str, values: Sequence[Any]) -> Any:
    _note(None, None, sql)
    return await _fetch(self, sql, values)


_fetch = Connections.fetch
Connections.fetch = _noted  # type: ignore[method-assign]


def _note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
    if (sent := _sent.get()) is not None:
        sent.append(statement)
