"""A house of its own for a measurement: scratch folder, database and Valkey, prepared like any other."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.cli.house import House
from api.story import ConsoleStory
from infra import embedded, terminal
from infra.embedded.valkey import free_port
from infra.running.programs import Process
from infra.settings import settings


@contextmanager
def servers_alone(*, durable: bool = True) -> Iterator[None]:
    """A database with its tables and nothing in them, and a Valkey. Without `durable` it is filled sooner."""
    with _servers(durable=durable):
        from api import wiring  # noqa: F401  all tables must be known
        from infra import migrations

        migrations.upgrade(settings().database_url or "")
        yield


@contextmanager
def house(*, to_stderr: bool = False, durable: bool = True) -> Iterator[ConsoleStory]:
    """Where figures are printed for programs, the story is told on standard error. Without `durable` it is filled sooner."""
    with _servers(durable=durable):
        story = ConsoleStory(terminal.console(stderr=True) if to_stderr else None)
        from api import wiring

        wiring.prepare(story)
        yield story


@contextmanager
def running(house: House) -> Iterator[None]:
    """The scratch house's API, worker, relay and sender, ready to be asked."""
    started: list[Process] = []
    try:
        for program in (house.api(), house.worker(), house.relay(), house.sender()):
            started.append(Process(program, house.var))
        started[0].wait_until_ready()
        yield
    finally:
        for process in reversed(started):
            process.stop()


@contextmanager
def _servers(*, durable: bool = True) -> Iterator[None]:
    with (
        tempfile.TemporaryDirectory(prefix="longan-bench-") as scratch,
        embedded.servers(Path(scratch), durable=durable) as pair,
    ):
        port = free_port()
        os.environ |= {
            "LONGAN_VAR": scratch,
            "LONGAN_DATABASE_URL": pair.database_url,
            "LONGAN_VALKEY_URL": pair.valkey_url,
            "LONGAN_PORT": str(port),
            "LONGAN_PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
        settings.cache_clear()
        yield
