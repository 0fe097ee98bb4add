"""An HTTP/2 server of a test's own, with prior knowledge: it answers each stream as it is told to, or goes away in mid-stream."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import orjson


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Said:
    """`hangs_up`: GOAWAY instead of an answer, and the line is cut."""

    status: int = 200
    body: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    hangs_up: bool = False


Answering = Callable[[Asked], Said]


class _Line(asyncio.Protocol):
    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.streams: dict[int, tuple[dict[str, str], bytearray]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.h2.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        for event in self.h2.receive_data(data):
            match event:
                case h2.events.RequestReceived():
                    headers = {str(name): str(value) for name, value, *_ in event.headers}
                    self.streams[event.stream_id] = headers, bytearray()
                case h2.events.DataReceived():
                    self.streams[event.stream_id][1].extend(event.data)
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case h2.events.StreamEnded():
                    self._answer(event.stream_id)
        self._flush()

    def _answer(self, stream: int) -> None:
        headers, body = self.streams.pop(stream)
        said = self.answering(Asked(headers[":path"], headers, bytes(body)))
        if said.hangs_up:
            self.h2.close_connection(last_stream_id=stream)
            self._flush()
            self.transport.close()
            return
        content = orjson.dumps(said.body) if said.body else b""
        self.h2.send_headers(stream, [(":status", str(said.status)), *said.headers.items()])
        self.h2.send_data(stream, content, end_stream=True)

    def _flush(self) -> None:
        if (data := self.h2.data_to_send()) and not self.transport.is_closing():
            self.transport.write(data)


@asynccontextmanager
async def serving(answering: Answering, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The "host:port" at which it listens while the block lasts."""
    lines: list[_Line] = []

    def line() -> _Line:
        lines.append(_Line(answering))
        return lines[-1]

    server = await asyncio.get_running_loop().create_server(line, "127.0.0.1", 0, ssl=tls)
    try:
        host, port = server.sockets[0].getsockname()[:2]
        yield f"{host}:{port}"
    finally:
        server.close()
        for each in lines:
            with suppress(AttributeError):
                each.transport.abort()
