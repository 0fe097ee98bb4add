"""Real servers without an installation: Postgres and Valkey from PyPI wheels, with their data in one folder."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.embedded.postgres import Postgres
from infra.embedded.valkey import Valkey
from infra.running.programs import Process

DATABASE = "longan"


@dataclass(frozen=True)
class Servers:
    """Two running servers."""

    postgres: Postgres
    valkey: Valkey

    @property
    def database_url(self) -> str:
        return self.postgres.url(DATABASE)

    @property
    def valkey_url(self) -> str:
        return self.valkey.url

    def create_database(self, name: str, template: str | None = None) -> str:
        """A new database, copied from `template` when one is named (nobody may be connected to it). Gives its URL."""
        return self.postgres.create_database(name, template)

    def drop_database(self, name: str) -> None:
        self.postgres.drop_database(name)


@contextmanager
def servers(folder: Path, *, durable: bool = True) -> Iterator[Servers]:
    """Both servers for as long as the block lasts; they end with this process, however it ends.

    Without `durable` they are quicker and may lose data in a power cut: for tests.
    """
    pair = at(folder, durable=durable)
    log = folder / "log"
    with ExitStack() as running:
        running.callback(pair.postgres.tidy)
        started = []
        for program in (pair.postgres.program(log / "postgres.log"), pair.valkey.program(log / "valkey.log")):
            started.append(Process(program, folder))
            running.callback(started[-1].stop)
        for process in started:
            process.wait_until_ready()
        make_database(pair)
        yield pair


def at(folder: Path, *, durable: bool = True) -> Servers:
    """The servers of a folder, whether they run or not."""
    return Servers(Postgres(folder / "postgres", durable=durable), Valkey(folder / "valkey"))


def make_database(pair: Servers) -> bool:
    """Make this database where it is missing; answers whether it was."""
    if pair.postgres.has_database(DATABASE):
        return False
    pair.create_database(DATABASE)
    return True
