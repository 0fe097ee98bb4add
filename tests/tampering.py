"""Doing what no program of the house can: changing what a record holds, as somebody does who owns the tables."""

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from infra.database import Db
from infra.entity import Entity


async def tamper(db: Db) -> None:
    """Until this transaction ends no record is kept; every other trigger works as ever."""
    for statement in _statements("DISABLE"):
        await db.execute(text(statement))
    event.listen(db.sync_session, "before_commit", _keep_again, once=True)


def _keep_again(session: Session) -> None:
    session.flush()
    for statement in _statements("ENABLE"):
        session.execute(text(statement))


def _statements(word: str) -> list[str]:
    classes = [mapper.class_ for mapper in Entity.registry.mappers]
    records = sorted(each.__tablename__ for each in classes if hasattr(each, "__record__"))
    return [f"ALTER TABLE {name} {word} TRIGGER stays" for name in records]
