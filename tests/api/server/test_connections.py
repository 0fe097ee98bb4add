"""What a connection may hold, asked by raw sockets: slow, endless, deaf and too many ones."""

import asyncio
import base64
import resource
import struct
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import httpx2
import pytest

from infra.settings import settings
from tests.logs import Lines
from tests.patience import SECONDS_MAX

ASKED = b"GET /healthz HTTP/1.1\r\nHost: house\r\n\r\n"
POSTED = b"POST /graphql HTTP/1.1\r\nHost: house\r\nContent-Type: application/json\r\n"
HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: house\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
    b"Sec-WebSocket-Key: " + base64.b64encode(bytes(16)) + b"\r\n"
)
PING, PONG, TEXT, CONTINUATION = 0x9, 0xA, 0x1, 0x0


class Line:
    """A TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def all(self) -> bytes:
        """What comes until the house hangs up; b"" where it does at once, or resets."""
        try:
            async with asyncio.timeout(SECONDS_MAX):
                return await self.reader.read()
        except ConnectionError:
            return b""

    async def head(self) -> bytes:
        async with asyncio.timeout(SECONDS_MAX):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def close_code(self) -> int:
        """Of a WebSocket that the house ends; what was said before is left aside."""
        said = await self.all()
        at = said.rindex(b"\x88")
        (code,) = struct.unpack("!H", said[at + 2 : at + 4])
        return int(code)


@asynccontextmanager
async def line() -> AsyncIterator[Line]:
    port = urlsplit(settings().public_url).port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Line(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def web_socket(extra: bytes = b"") -> AsyncIterator[tuple[Line, bytes]]:
    async with line() as connection:
        await connection.send(HANDSHAKE + extra + b"\r\n")
        yield connection, await connection.head()


def frame(kind: int, payload: bytes = b"", *, is_last: bool = True) -> bytes:
    """Masked by zeroes."""
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xff" + struct.pack("!Q", len(payload))
    return bytes([0x80 * is_last | kind]) + length + bytes(4) + payload


@pytest.fixture
def hasty(longan: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings().connection_limits, "request_seconds", 0.3)


@pytest.fixture
def quiet(lines: Lines) -> Iterator[None]:
    """No traceback in the log."""
    mark = lines.mark()
    yield
    assert "exception" not in lines.since(mark)


async def until_closed(connection: Line, sent: bytes) -> None:
    with suppress(ConnectionError):
        while True:
            await connection.send(sent)
            await asyncio.sleep(0.001)


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


@pytest.mark.usefixtures("hasty", "quiet")
class TestALateRequest:
    @pytest.mark.parametrize(
        "begun",
        [
            b"",
            b"\r\n",
            b"GET /healthz HT",
            b"GET /healthz HTTP/1.1\r\nHost: ho",
            POSTED + b"Content-Length: 100\r\n\r\n",
            POSTED + b"Content-Length: 100\r\n\r\n{",
            POSTED + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
            HANDSHAKE,
        ],
    )
    async def test_is_given_up(self, begun: bytes) -> None:
        async with line() as connection:
            await connection.send(begun)
            assert (await connection.all()).startswith(b"HTTP/1.1 408 Request Timeout\r\n")

    async def test_is_given_up_however_steadily_it_drips(self) -> None:
        async with line() as connection:
            began, dripped = time.monotonic(), 0
            with suppress(ConnectionError):
                for piece in [b"\r\n", b"\r\n", b"GET /", *[b"x"] * 10_000]:
                    await connection.send(piece)
                    dripped += 1
                    await asyncio.sleep(0.01)
            await connection.all()
            assert time.monotonic() - began >= 0.3
            assert dripped < 10_003

    async def test_after_one_that_was_in_time_is_given_up_too(self) -> None:
        async with line() as connection:
            await connection.send(ASKED)
            assert b" 200 " in await connection.head()
            await connection.send(b"GET /")
            assert b"HTTP/1.1 408 " in await connection.all()

    async def test_two_hundred_of_them_hold_up_nobody(self, web: httpx2.AsyncClient) -> None:
        lines = [line() for _ in range(200)]
        try:
            for number, each in enumerate(lines):
                connection = await each.__aenter__()
                await connection.send(b"GET / HTTP/1.1\r\nX-" if number % 2 else POSTED + b"Content-Length: 9\r\n\r\n{")
            assert (await web.post("/graphql", json={"query": "{ __typename }"})).json()["data"] == {
                "__typename": "Query"
            }
        finally:
            for each in lines:
                await each.__aexit__(None, None, None)

    async def test_is_not_one_that_waits_for_its_answer(self, web: httpx2.AsyncClient) -> None:
        async with line() as connection:
            await connection.send(POSTED + b"Content-Length: 26\r\n\r\n")
            await asyncio.sleep(0.1)
            await connection.send(b'{"query": "{ __typename }"}'[:26])
            assert b" 400 " in await connection.head()


@pytest.mark.usefixtures("longan", "quiet")
class TestARequestWithoutEnd:
    @pytest.mark.parametrize(
        "endless",
        [
            [b"GET /", b"x" * 100_000],
            [b"GET / HTTP/1.1\r\nX: ", b"x" * 100_000],
            [b"GET / HTTP/1.1\r\n", b"X: y\r\n" * 200],
            [POSTED, b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 20_000],
            [POSTED, b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 100_000],
            [POSTED, b"Transfer-Encoding: chunked\r\n\r\n1\r\n \r\n0\r\n", b"X: y\r\n" * 200],
            [ASKED * 5_000],
            [HANDSHAKE, b"X: " + b"x" * 100_000],
        ],
    )
    async def test_is_refused(self, endless: list[bytes], web: httpx2.AsyncClient) -> None:
        async with line() as connection:
            try:
                for piece in endless:
                    await connection.send(piece)
            except ConnectionError:
                pass
            answered = await connection.all()
        assert answered == b"" or b"HTTP/1.1 400 " in answered
        assert answered.count(b" 200 ") <= settings().connection_limits.pipelined + 1
        assert (await web.get("/healthz")).status_code == 200

    async def test_a_few_behind_each_other_are_answered(self) -> None:
        async with line() as connection:
            await connection.send(ASKED * 8)
            for _ in range(8):
                assert b"HTTP/1.1 200 " in await connection.head()
                await connection.reader.readexactly(len(b'{"status":"alive"}'))


@pytest.mark.usefixtures("longan", "quiet")
class TestConnections:
    async def test_of_an_address_are_so_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings().connection_limits, "per_address", 0)
        async with line() as connection:
            assert await connection.all() == b""
        monkeypatch.setattr(settings(), "trusted_proxies", ["127.0.0.1"])
        async with line() as connection:
            await connection.send(ASKED)
            assert b" 200 " in await connection.head()

    async def test_leave_their_seats(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from api.graphql import seats

        before = +seats._taken
        async with line() as first, web_socket() as (second, _):
            await first.send(ASKED)
            await first.head()
            assert +seats._taken - before
            second.writer.transport.abort()
        async with asyncio.timeout(SECONDS_MAX):
            while +seats._taken != before:
                await asyncio.sleep(0.01)


@pytest.mark.usefixtures("longan", "quiet")
class TestAClientThatDoesNotRead:
    @pytest.mark.parametrize("kind", ["request", "ping"])
    async def test_is_left(self, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
        from api.server.unread import Unread

        stalled: list[int] = []
        monkeypatch.setattr(settings().connection_limits, "unread_seconds", 0.2)
        monkeypatch.setattr(settings().socket_limits, "messages_per_minute", 10**9)
        look = Unread._look

        def watched(self: Unread, unread_before: int) -> None:
            stalled.append(unread_before)
            look(self, unread_before)

        monkeypatch.setattr(Unread, "_look", watched)
        began = resident()
        async with line() as connection:
            connection.writer.transport.pause_reading()  # type: ignore[attr-defined]
            connection.writer.get_extra_info("socket").setsockopt(1, 8, 4_096)  # SO_RCVBUF
            if kind == "ping":
                await connection.send(HANDSHAKE + b"\r\n")
                await asyncio.sleep(0.2)
            sent = (
                frame(PING, bytes(125)) * 100
                if kind == "ping"
                else b"GET /graphiql/static/graphiql-4.1.2.min.js HTTP/1.1\r\nHost: h\r\n\r\n"
            )
            async with asyncio.timeout(SECONDS_MAX):
                await connection.send(sent * 9)
                await until_closed(connection, sent if kind == "ping" else b"\r\n")
        assert stalled
        assert resident() - began < 30_000_000


@pytest.mark.usefixtures("longan", "quiet")
class TestFrames:
    async def test_are_not_compressed(self) -> None:
        async with web_socket(b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n") as (_, head):
            assert b" 101 " in head
            assert b"permessage-deflate" not in head.lower()

    @pytest.mark.parametrize("is_whole", [True, False])
    async def test_are_as_long_as_a_body(self, is_whole: bool) -> None:
        most = settings().request_limits.body_bytes
        async with web_socket() as (connection, _):
            if is_whole:
                await connection.send(frame(TEXT, b"x" * (most + 1))[:100])  # refused by its length alone
            else:
                await connection.send(frame(TEXT, b"x" * most, is_last=False) + frame(CONTINUATION, b"x"))
            assert await connection.close_code() == 1009

    @pytest.mark.parametrize(
        "kind", [frame(PING), frame(PONG), frame(TEXT, b"{}"), frame(TEXT, b'{"type":"pong"}')], ids=str
    )
    async def test_have_a_pace_whatever_they_are(self, kind: bytes) -> None:
        async with web_socket() as (connection, _):
            began = time.process_time()
            with suppress(ConnectionError):
                await connection.send(kind * 40_000)
            answered = await connection.all()
            assert time.process_time() - began < 0.5
        assert answered.count(b"\x8a") <= settings().socket_limits.messages_per_minute + 700

    async def test_that_never_end_have_a_pace_too(self) -> None:
        async with web_socket() as (connection, _):
            await connection.send(frame(TEXT, is_last=False) + frame(CONTINUATION, is_last=False) * 601)
            assert await connection.close_code() == 4429

    @pytest.mark.parametrize(
        ("odd", "code"),
        [
            pytest.param(b"\x81\xff" + struct.pack("!Q", 16_000_000) + bytes(4), 1009, id="too long"),
            pytest.param(frame(0x3), 1002, id="of no kind"),
            pytest.param(frame(PING) * 700, 4429, id="too many"),
        ],
    )
    async def test_are_refused_with_a_code_that_arrives_however_much_follows(self, odd: bytes, code: int) -> None:
        async with web_socket() as (connection, _):
            await connection.send(odd)
            for _ in range(64):
                await connection.send(bytes(100_000))
            assert await connection.close_code() == code

    @pytest.mark.parametrize(
        "odd",
        [
            b"X: " + b"x" * 9_000 + b"\r\n",
            b"X: y\r\n" * 90,
            b"Sec-WebSocket-Key: again\r\n",
            b"X: \xff\xfe\r\n",
            b"Sec-WebSocket-Extensions: ,,;=\x01\r\n",
            b"Sec-WebSocket-Protocol: ,,\r\n",
        ],
    )
    async def test_a_handshake_that_is_odd_is_answered(self, odd: bytes) -> None:
        async with line() as connection:
            await connection.send(HANDSHAKE + odd + b"\r\n")
            assert (await connection.head()).startswith(b"HTTP/1.1 ")


@pytest.mark.usefixtures("longan", "quiet")
async def test_memory_stays_where_it_was_after_great_documents_and_frames(web: httpx2.AsyncClient) -> None:
    megabyte, great = bytes(1_000_000), 16_000_000
    before = resident()
    for _ in range(12):
        async with line() as connection:
            await connection.send(POSTED + f"Content-Length: {great}\r\n\r\n".encode())
            assert b" 413 " in await connection.head()
            await connection.send(megabyte)
        async with web_socket() as (connection, _):
            with suppress(ConnectionError):
                await connection.send(b"\x81\xff" + struct.pack("!Q", great) + megabyte)
            await connection.all()
    assert resident() - before < 40_000_000
    assert (await web.get("/healthz")).status_code == 200
