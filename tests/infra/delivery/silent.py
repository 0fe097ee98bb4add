"""A broker that says what RabbitMQ says to a connection and a channel that are opened, and from then on nothing."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_SECONDS = 20
METHOD, END = 1, b"\xce"
START, START_OK = (10, 10), (10, 11)
TUNE, TUNE_OK = (10, 30), (10, 31)
OPEN, OPEN_OK = (10, 40), (10, 41)
CHANNEL_OPEN, CHANNEL_OPEN_OK = (20, 10), (20, 11)
# AMQP 0-9-1, section 4.2: what is answered to what, and its arguments.
ANSWERS = {
    START_OK: (TUNE, struct.pack(">HIH", 10, 131_072, 0)),
    OPEN: (OPEN_OK, b"\0"),
    CHANNEL_OPEN: (CHANNEL_OPEN_OK, b"\0\0\0\0"),
}
GREETING = b"\0\x09" + b"\0\0\0\0" + b"\0\0\0\x05PLAIN" + b"\0\0\0\x05en_US"


@contextmanager
def silent_broker() -> Iterator[str]:
    """Its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering = threading.Thread(target=_answer, args=(listening,), daemon=True)
        answering.start()
        yield f"amqp://guest:guest@127.0.0.1:{listening.getsockname()[1]}//"
    answering.join(10)


def _answer(listening: socket.socket) -> None:
    heard, _ = listening.accept()
    heard.settimeout(PATIENCE_SECONDS)  # then it hangs up, so that nobody waits for ever
    with heard:
        _read(heard, 8)  # the protocol's header
        _say(heard, 0, START, GREETING)
        while head := _read(heard, 7):
            _, channel, size = struct.unpack(">BHI", head)
            said = struct.unpack(">HH", _read(heard, size + 1)[:4])
            if said in ANSWERS:
                _say(heard, channel, *ANSWERS[said])


def _read(heard: socket.socket, size: int) -> bytes:
    """Nothing where it was closed."""
    found = b""
    while len(found) < size and (piece := heard.recv(size - len(found))):
        found += piece
    return found


def _say(heard: socket.socket, channel: int, method: tuple[int, int], arguments: bytes) -> None:
    payload = struct.pack(">HH", *method) + arguments
    heard.sendall(struct.pack(">BHI", METHOD, channel, len(payload)) + payload + END)
