"""Listening to what a test itself sends to Postgres; what the house does beside it, such as its heartbeats, is not counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event

from infra.database import open_engine

_sent: ContextVar[list[str] | None] = ContextVar("sent", default=None)


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL that this task, and whatever it starts, sends while the block lasts."""
    engine = open_engine().sync_engine
    if not event.contains(engine, "before_cursor_execute", _note):
        event.listen(engine, "before_cursor_execute", _note)
    sent: list[str] = []
    before = _sent.set(sent)
    try:
        yield sent
    finally:
        _sent.reset(before)


def _note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
    if (sent := _sent.get()) is not None:
        sent.append(statement)
