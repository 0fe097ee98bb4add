"""Connections of this process that asyncpg alone uses: nothing is put back after a question, and none is begun for one."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
import orjson

from infra import postgres_url
from infra.connecting import session_settings
from infra.settings import settings


class Connections:
    """Up to `most` of them; one that failed in any way is not used again."""

    def __init__(self, url: str, most: int, **options: Any) -> None:
        self._url, self._options = url, options
        self._turns = asyncio.Semaphore(most)
        self._idle: list[asyncpg.Connection[asyncpg.Record]] = []
        self._is_over = False

    async def fetch(self, sql: str, values: Sequence[Any]) -> list[asyncpg.Record]:
        async with self._turns:
            if self._idle:
                try:
                    return await self._ask(self._idle.pop(), sql, values)
                except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.AdminShutdownError, OSError):
                    self._terminate_idle()  # the others are as old
            return await self._ask(await self._connect(), sql, values)

    async def _ask(
        self, connection: "asyncpg.Connection[asyncpg.Record]", sql: str, values: Sequence[Any]
    ) -> list[asyncpg.Record]:
        try:
            rows: list[asyncpg.Record] = await connection.fetch(sql, *values)
        except BaseException:
            connection.terminate()
            raise
        if self._is_over:
            connection.terminate()
        else:
            self._idle.append(connection)
        return rows

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        connection = await asyncpg.connect(postgres_url.dsn(self._url), timeout=5, **self._options)
        try:
            await connection.set_type_codec(
                "jsonb",
                schema="pg_catalog",
                format="binary",
                encoder=lambda value: b"\x01" + orjson.dumps(value),
                decoder=lambda sent: orjson.loads(sent[1:]),
            )
        except BaseException:
            connection.terminate()
            raise
        return connection

    def close(self) -> None:
        """Close all; those that are in use close when they come back."""
        self._is_over = True
        self._terminate_idle()

    def _terminate_idle(self) -> None:
        while self._idle:
            self._idle.pop().terminate()


_connections: Connections | None = None


def connections() -> Connections:
    """This process's; each is made when it is needed first."""
    global _connections
    if _connections is None:
        s = settings()
        timeout = s.statement_timeout_ms / 1000 + 5
        options = {name: value for name, value in session_settings(s, read_only=True).items() if "prepared" not in name}
        _connections = Connections(s.database_url or "", s.database_read_pool, command_timeout=timeout, **options)
    return _connections


def close() -> None:
    global _connections
    if _connections is not None:
        _connections.close()
    _connections = None
