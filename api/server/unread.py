"""Clients that do not read: what they were sent waits for so long, then their connection ends."""

import asyncio
from typing import Any

from infra.settings import settings


class Unread:
    """Beside one of uvicorn's protocols. Whoever takes something, however slowly, is waited for."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    _stalling: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        # Whatever the system does not take at once counts as unread.
        transport.set_write_buffer_limits(high=0)
        super().connection_made(transport)  # type: ignore[misc]

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)  # type: ignore[misc]

    def pause_writing(self) -> None:
        super().pause_writing()  # type: ignore[misc]
        # Whoever does not read is not read either: answers to pings would grow without end.
        self.transport.pause_reading()
        self._watch(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._stop_watching()
        super().resume_writing()  # type: ignore[misc]
        if not self.is_reading_paused():
            self.transport.resume_reading()

    def is_reading_paused(self) -> bool:
        """Whether the protocol itself wants no more just now."""
        raise NotImplementedError

    def _watch(self, unread: int) -> None:
        self._stop_watching()
        self._stalling = self.loop.call_later(settings().connection_limits.unread_seconds, self._look, unread)

    def _look(self, unread_before: int) -> None:
        unread = self.transport.get_write_buffer_size()
        if unread >= unread_before:
            self.transport.abort()
        else:
            self._watch(unread)

    def _stop_watching(self) -> None:
        if self._stalling is not None:
            self._stalling.cancel()
            self._stalling = None
