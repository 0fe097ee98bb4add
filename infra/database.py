"""The way to Postgres: two engines per process, one transaction per mutation, short reads for loaders."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

import orjson
import stamina
from sqlalchemy import event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import await_only

from infra import connections, doorbell, lasting, postgres_url
from infra.connecting import session_settings
from infra.reads import Reads
from infra.settings import settings

Db = AsyncSession
T = TypeVar("T")
Ring = Callable[[Iterable[UUID | None]], Awaitable[None]]

_engine: AsyncEngine | None = None
_sessions: async_sessionmaker[AsyncSession] | None = None
_reads: async_sessionmaker[Reads] | None = None


def open_engine(*, pool: int | None = None) -> AsyncEngine:
    """Make this process's engine for transactions; a second call answers the first one's."""
    global _engine, _sessions
    if _engine is None:
        _engine = _make(pool or settings().database_pool, pool_pre_ping=True)
        lasting.listen(_engine)
        _sessions = async_sessionmaker(_engine, expire_on_commit=False)
    return _engine


def open_reads(*, pool: int | None = None) -> async_sessionmaker[Reads]:
    """The sessions of reads, each statement by itself: no transaction is begun, and no connection asked whether it lives."""
    global _reads
    if _reads is None:
        engine = _make(pool or settings().database_read_pool, isolation_level="AUTOCOMMIT", read_only=True)
        lasting.listen(engine)
        _reads = async_sessionmaker(engine, class_=Reads, expire_on_commit=False)
    return _reads


def _make(pool: int, *, read_only: bool = False, **options: Any) -> AsyncEngine:
    s = settings()
    return make_engine(
        s.database_url or "",
        pool_size=pool,
        max_overflow=0,
        pool_timeout=10,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={
            "command_timeout": s.statement_timeout_ms / 1000 + 5,
            **session_settings(s, read_only=read_only),
        },
        **options,
    )


class BeginningDialect(PGDialect_asyncpg):
    """A connection that is taken begins its transaction, which tells whether it lives: one question instead of four."""

    supports_statement_cache = True

    def do_ping(self, dbapi_connection: Any) -> bool:
        await_only(dbapi_connection._start_transaction())
        return True


registry.register("postgresql.beginning", __name__, BeginningDialect.__name__)


def make_engine(url: str, *, connect_args: dict[str, Any] | None = None, **options: Any) -> AsyncEngine:
    """An engine for an address in libpq's words, which asyncpg itself reads. Its errors do not tell what was asked with, which may
    be a person's.
    """
    connect = {"timeout": 5, "dsn": postgres_url.dsn(url), **(connect_args or {})}
    return create_async_engine("postgresql+beginning://", connect_args=connect, hide_parameters=True, **options)


async def close_engine() -> None:
    """Connections that are in use close when they come back."""
    global _engine, _sessions, _reads
    connections.close()
    for engine in (_engine, _reads.kw["bind"] if _reads else None):
        if engine is not None:
            event.listen(engine.sync_engine.pool, "checkin", _end)
            await engine.dispose()
    _engine = _sessions = _reads = None


def _end(connection: object, record: ConnectionPoolEntry) -> None:
    record.invalidate()


def _session() -> AsyncSession:
    open_engine()
    assert _sessions is not None
    return _sessions()


@asynccontextmanager
async def transaction(ring: Ring = doorbell.ring) -> AsyncIterator[Db]:
    """One transaction: committed when the block ends, rolled back when it raises. Then the bell rings once for its events."""
    async with _session() as db:
        async with db.begin():
            yield db
        await ring(db.info.get("announced", ()))


@asynccontextmanager
async def reading() -> AsyncIterator[Db]:
    """A short read of its own, in which nothing can be written; each statement sees what is there when it is asked."""
    async with open_reads()() as db:
        yield db
        if db.new or db.dirty or db.deleted:
            await db.flush()  # which Postgres refuses; otherwise it would be forgotten and nobody told


def _should_run_again(error: Exception) -> bool:
    """Serialization failures and deadlocks: the whole transaction may simply be run again."""
    return isinstance(error, DBAPIError) and sqlstate(error) in {"40001", "40P01"}


def is_away(error: BaseException) -> bool:
    """Whether this failed because the database could not be asked just now."""
    if isinstance(error, OSError | TimeoutError | PoolTimeoutError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = sqlstate(error) if isinstance(error, DBAPIError) else getattr(error, "sqlstate", None)
    # Connection exceptions, too many connections, and a server that starts or stops: appendix A of Postgres.
    return bool(state) and (str(state)[:2] in {"08", "53"} or str(state)[:4] == "57P0")


def sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


async def transact(work: Callable[[Db], Awaitable[T]], ring: Ring = doorbell.ring) -> T:
    """Run `work` in one transaction, and the whole of it again where Postgres broke it off for concurrency."""
    async for attempt in stamina.retry_context(on=_should_run_again, attempts=5, timeout=10, wait_initial=0.02):
        with attempt:
            async with transaction(ring) as db:
                return await work(db)
    raise AssertionError("retry_context ends by return or raise")
