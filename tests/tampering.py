"""Doing what no program of the house can: changing what a record holds, as somebody does who owns the whole server."""

from sqlalchemy import text

from infra.database import Db


async def tamper(db: Db) -> None:
    """Until this transaction ends no trigger asks."""
    await db.execute(text("SET LOCAL session_replication_role = replica"))
