"""Whether the database's tables are those of this code, or newer ones, which keep what an older release needs."""

import asyncio
from pathlib import Path

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from infra import database

# Files are numbered in their order.
NEWEST = max(path.name[:4] for path in Path(__file__).parent.glob("versions/[0-9]*.py"))
NO_TABLE = "42P01"
LOOK_AGAIN_SECONDS = 2.0


async def wait_for_tables() -> None:
    """Ends when the tables are what this code needs; says once that it waits. A database that does not answer is no reason to."""
    told = False
    while (at := await _at()) < NEWEST:
        if not told:
            reason = f"the tables are at {at or 'nothing'}, and this release needs {NEWEST}: longan migrate"
            structlog.get_logger().error("tables.awaited", reason=reason)
            told = True
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def _at() -> str:
    """The newest revision there, "" where there is no table at all, NEWEST where nobody can tell."""
    try:
        async with database.reading() as db:
            return str(await db.scalar(text("SELECT max(version_num) FROM alembic_version")) or "")
    except Exception as error:  # a driver has many words for no, and who works next tells what is wrong
        is_without = isinstance(error, DBAPIError) and database.sqlstate(error) == NO_TABLE
        return "" if is_without else NEWEST
