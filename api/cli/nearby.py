"""The servers that a command works with: those of the settings, of the `longan up` that runs, or of its own."""

import asyncio
import os
from collections.abc import Awaitable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import typer

from infra import embedded, telemetry
from infra.running.instance_lock import Occupied, occupy
from infra.settings import settings

T = TypeVar("T")

# Of tables, columns and functions that are not there: Postgres' appendix A.
NOT_MADE = {"42P01", "42703", "42883"}


@contextmanager
def servers() -> Iterator[None]:
    """Within, `settings()` has a database and a Valkey that answer, and what is logged goes where it does everywhere: to stderr,
    without personal data. Exits 1, with a sentence, where the database does not answer or was not made ready for this release.
    """
    with _at_hand():
        try:
            yield
        except Exception as error:
            why = _why(error)
            if why is None:
                raise
            typer.echo(why, err=True)
            raise typer.Exit(1) from None


def run(work: Awaitable[T]) -> T:
    """What comes of this work, in a loop of its own that leaves no connection open."""
    from infra import cache, database

    async def work_and_close() -> T:
        try:
            return await work
        finally:
            await database.close_engine()
            await cache.close_valkey()

    return asyncio.run(work_and_close())


@contextmanager
def _at_hand() -> Iterator[None]:
    configured = settings()
    telemetry.configure_logging()
    if configured.database_url and configured.valkey_url:
        yield
        return
    var = configured.var.resolve()
    with ExitStack() as borrowed:
        try:
            borrowed.enter_context(occupy(var, "a command that will end"))
            pair = borrowed.enter_context(embedded.servers(var))
        except Occupied:
            pair = embedded.at(var)
        os.environ["LONGAN_DATABASE_URL"] = configured.database_url or pair.database_url
        os.environ["LONGAN_VALKEY_URL"] = configured.valkey_url or pair.valkey_url
        settings.cache_clear()
        yield


def _why(error: Exception) -> str | None:
    """What to say of a database that this failed by; None where something else is wrong."""
    from sqlalchemy.exc import DBAPIError

    from infra import database

    if isinstance(error, DBAPIError) and database.sqlstate(error) in NOT_MADE:
        todo = "make run" if settings().is_embedded else "longan migrate, then longan prepare"
        return f"The database was not made ready for this release: {todo}"
    is_of_a_file = isinstance(error, OSError) and error.filename is not None
    if database.is_away(error) and not is_of_a_file:
        return "The database does not answer. What is wrong with it: longan doctor"
    return None
