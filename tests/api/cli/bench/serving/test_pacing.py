import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from api.cli.bench.serving import load, pacing

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_a_connection_that_the_server_closed_is_not_asked_again() -> None:
    with _closing_after_each_answer() as port:
        asked = [load.request("/", {}, {}) for _ in range(2)]
        took = pacing.send(port, pacing.evenly("check", asked, 4, b"{}"))
    assert len(took["check"]) == 2


@contextmanager
def _closing_after_each_answer() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = Thread(target=_answer, args=(server, 2))
        answering.start()
        yield server.getsockname()[1]
        answering.join()


def _answer(server: socket.socket, times: int) -> None:
    for _ in range(times):
        connection, _ = server.accept()
        with connection:
            connection.recv(load.PIECE)
            connection.sendall(ANSWER)
