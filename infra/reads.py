"""Reads: a session whose statements stand alone, so one that met a dead connection is simply asked again."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")


class Reads(AsyncSession):
    """Asks again once, on another connection; what was read before stays as it was read."""

    async def execute(self, *args: Any, **options: Any) -> Any:
        return await self._asked(super().execute, *args, **options)

    async def scalar(self, *args: Any, **options: Any) -> Any:
        return await self._asked(super().scalar, *args, **options)

    async def get(self, *args: Any, **options: Any) -> Any:
        return await self._asked(super().get, *args, **options)

    async def _asked(self, ask: Callable[..., Awaitable[T]], *args: Any, **options: Any) -> T:
        try:
            return await ask(*args, **options)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            self.expunge_all()
            await self.rollback()
            return await ask(*args, **options)
