"""Writing for oneself: what nobody else need see, and what goes again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from infra import database
from infra.database import Db


@asynccontextmanager
async def rolled_back() -> AsyncIterator[Db]:
    """A transaction that is never committed."""
    async with database._session() as db:
        yield db
