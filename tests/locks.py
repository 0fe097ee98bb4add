"""Every lock that a test makes the house take is looked at: a person's row is locked by its owner."""

import re
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from infra.entity import Entity

LOCKS = re.compile(r"\bFOR (NO KEY )?(UPDATE|KEY SHARE|SHARE)\b")
TABLES = re.compile(r"\b(?:FROM|JOIN)\s+(\w+)")
NAMES_THE_OWNER = re.compile(r"\buser_id\s*(=|IN\b|>|<)")


def watch() -> None:
    event.listen(Engine, "before_cursor_execute", _look)


def fault(statement: str) -> str | None:
    """What is wrong with how a statement locks. One that skips what is locked takes nobody's turn, and may go over many."""
    if not LOCKS.search(statement) or "SKIP LOCKED" in statement:
        return None
    metadata = Entity.metadata.tables
    owned = {name for name in TABLES.findall(statement) if name in metadata and "user_id" in metadata[name].primary_key}
    if not owned or NAMES_THE_OWNER.search(statement.partition("WHERE")[2]):
        return None
    return f"locks rows of {' and '.join(sorted(owned))} without naming whose: {statement}"


def _look(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
    wrong = fault(statement)
    assert wrong is None, wrong
