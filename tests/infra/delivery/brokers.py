"""Real brokers of their own for a test that damages them: a Valkey, and a RabbitMQ where one is installed."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kombu import Connection

from infra.broker import QUEUE, queue
from infra.embedded.valkey import Valkey, free_port
from infra.running.programs import Process, Program

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
READY_SECONDS_MAX = 120


class Broken:
    """A running broker: where it is, and the ways in which it can lose what it holds."""

    def __init__(self, url: str, wipes: dict[str, Callable[[Connection], object]]) -> None:
        self.url = url
        self.wipes = wipes

    def wipe(self, way: str) -> None:
        with Connection(self.url) as connection:
            self.wipes[way](connection)


@contextmanager
def valkey(folder: Path) -> Iterator[Broken]:
    server = Valkey(folder / "valkey")
    process = Process(server.program(folder / "valkey.log"), folder)
    process.wait_until_ready()
    try:
        yield Broken(server.url, {"flushed": _flush, "each key deleted": _delete_keys})
    finally:
        process.stop()


def _flush(connection: Connection) -> None:
    client(connection).flushall()


def _delete_keys(connection: Connection) -> None:
    for key in [b"unacked", b"unacked_index", *client(connection).keys("*")]:
        client(connection).delete(key)


def client(connection: Connection) -> Any:
    channel: Any = connection.default_channel
    return channel.client


@contextmanager
def rabbitmq(folder: Path) -> Iterator[Broken]:
    port, epmd = free_port(), str(free_port())
    plugins = folder / "plugins"
    plugins.write_text("[].\n")
    none = str(folder / "none")
    environment = {
        "HOME": str(folder),
        "ERL_EPMD_PORT": epmd,
        # Its threads sleep while they wait, and leave the processor to the tests.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
        "RABBITMQ_NODENAME": f"longan-{port}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
        "RABBITMQ_CONFIG_FILE": none,
        "RABBITMQ_CONF_ENV_FILE": none,
    }
    url = f"amqp://guest:guest@127.0.0.1:{port}//"
    program = Program(
        name="RabbitMQ",
        command=[str(RABBITMQ)],
        log=folder / "rabbitmq.log",
        is_ready=lambda pid: _answers(url),
        environment=environment,
        ready_seconds_max=READY_SECONDS_MAX,
    )
    process = Process(program, folder)
    process.wait_until_ready()
    try:
        yield Broken(url, {"queue deleted": _delete_queue, "queue made anew": _make_queue_anew})
    finally:
        process.stop()
        # Erlang's name server outlives the node; this one is ours alone, by its port.
        subprocess.run(["epmd", "-kill"], env=os.environ | environment, capture_output=True, timeout=20)


def _delete_queue(connection: Connection) -> None:
    channel: Any = connection.default_channel
    channel.queue_delete(QUEUE)


def _make_queue_anew(connection: Connection) -> None:
    """As the relay does which comes before the news of the loss; RabbitMQ tells no consumer then."""
    _delete_queue(connection)
    queue(quorum=True)(connection.default_channel).queue_declare()


def _answers(url: str) -> bool:
    try:
        with Connection(url, connect_timeout=2) as connection:
            connection.connect()
            return True
    except OSError:
        time.sleep(0.2)
        return False


BROKERS = {"valkey": valkey} | ({"rabbitmq": rabbitmq} if RABBITMQ.exists() else {})
