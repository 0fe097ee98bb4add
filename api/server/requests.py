"""One HTTP connection: so many from an address, each request in good time, and not much of it besides its body."""

import asyncio
from contextlib import ExitStack
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.addresses import is_trusted
from api.graphql.seats import NoSeat, seat
from api.server.unread import Unread
from infra.networks import shares_of
from infra.settings import settings

PIECE = 16_384  # bytes that are read before we look whether it goes on too long
TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class TooMuch(Exception):
    """Raised while a request is read; the parser then says that it is none."""


class HttpConnection(Unread, HttpToolsProtocol):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = settings().connection_limits
        self._seats = ExitStack()
        self._deadline: asyncio.TimerHandle | None = None
        self._besides = 0  # bytes of this request that are not its body

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        try:
            self._take_seats()
        except NoSeat:
            transport.close()
        else:
            self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._leave()  # the socket takes seats of its own
        super().handle_websocket_upgrade()

    def _take_seats(self) -> None:
        peer = self.client[0] if self.client else ""
        if is_trusted(peer):
            return
        for network, times in shares_of(peer):
            self._seats.enter_context(seat(f"connection:{network}", times * self._limits.per_address))

    def _leave(self) -> None:
        self._stop_waiting()
        self._seats.close()

    def is_reading_paused(self) -> bool:
        return self.flow.read_paused

    def data_received(self, data: bytes) -> None:
        if self._deadline is None:
            self._await_request()
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            self._besides += len(piece)
            super().data_received(piece)
            if self.transport.is_closing() or self.transport.get_protocol() is not self:
                return
            if self._besides > self._limits.head_bytes:
                self.send_400_response("Too much besides the body.")
                return

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if len(self.headers) > self._limits.headers:
            raise TooMuch

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if len(self.pipeline) > self._limits.pipelined:
            raise TooMuch

    def on_body(self, body: bytes) -> None:
        self._besides -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._besides = 0
        self._stop_waiting()
        super().on_message_complete()

    def _await_request(self) -> None:
        self._deadline = self.loop.call_later(self._limits.request_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(TOO_LATE)
        self.transport.close()
