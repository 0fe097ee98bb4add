"""Seeding the market: what the catalogue offers is put in once, and then belongs to the partners."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects.postgresql import insert

from domain.market import catalogue
from infra.database import Db
from infra.entity import Entity


async def seed(db: Db) -> None:
    """Put in what isn't there yet, in two round trips; what a partner changed or retired since stays as it is.

    Raises catalogue.Malformed, before anything is written.
    """
    offered = catalogue.read()
    await _put_in(db, offered.partners)
    await _put_in(db, offered.products)


async def _put_in(db: Db, rows: Sequence[Entity]) -> None:
    missing = insert(type(rows[0])).values([_columns(row) for row in rows]).on_conflict_do_nothing()
    await db.execute(missing)


def _columns(row: Entity) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}
