"""One WebSocket connection: frames of any kind at a pace, however many of them arrive together."""

from time import monotonic
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from api.graphql.messages import CloseCode
from api.server.unread import Unread
from infra.settings import settings

PIECE = 4_096  # bytes that are read before we look at the pace; a frame has six at least


class SocketConnection(Unread, WebSocketsSansIOProtocol):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pace = FramePace(settings().socket_limits.messages_per_minute)
        self._is_deaf = False  # to what comes after the end

    def is_reading_paused(self) -> bool:
        return self.read_paused

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE):
            if self._is_deaf or self.transport.is_closing():
                return
            is_handshake = not self.handshake_initiated
            self.conn.receive_data(data[start : start + PIECE])
            frames = len(self.conn.events) - is_handshake
            super().data_received(b"")
            if self.conn.handshake_exc is not None and not self.handshake_initiated:
                self._refuse_handshake()
                return
            if not self._pace.allows(frames):
                self._end()

    def _end(self) -> None:
        if self.close_sent:
            self._is_deaf = True
        else:
            self.conn.fail(CloseCode.TOO_MANY, "Too many messages")
            self.handle_parser_exception()

    def handle_parser_exception(self) -> None:
        """Say why, and wait for the client to hang up: bytes that arrive at a closed connection reset it, and take what we said
        away from the client.
        """
        closing = self.conn.close_sent
        assert closing is not None
        self._is_deaf = True
        if not self.close_sent:
            self.close_sent = True
            self.queue.put_nowait({"type": "websocket.disconnect", "code": closing.code, "reason": closing.reason})
            self.transport.write(b"".join(self.conn.data_to_send()))
        # Whoever speaks for us does not know of the close yet; to send after it would be a failure of theirs.
        self.disconnected = True
        self._say_no_more()

    def _say_no_more(self) -> None:
        if self.close_timer is None:
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.read_paused = False
        self.transport.resume_reading()

    def _refuse_handshake(self) -> None:
        """Whose head was too much for the library, which has written what to say and leaves the sending to us."""
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.close()


class FramePace:
    """Lets so many frames through a minute, and that many at once."""

    def __init__(self, per_minute: int) -> None:
        self._per_second = per_minute / 60
        self._left = self._most = float(per_minute)
        self._at = monotonic()

    def allows(self, times: int) -> bool:
        """Count so many."""
        now = monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second) - times
        self._at = now
        return self._left >= 0
