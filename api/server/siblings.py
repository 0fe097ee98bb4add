"""The processes that serve one address together: each keeps a lock while it lives and is warm, so that any can tell for all."""

import fcntl
import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.running.bound_exec import tie_to_parent

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where prometheus_client adds up what the processes of a machine have counted
_kept: list[int] = []  # the open file whose lock says that this process lives


@contextmanager
def gathered() -> Iterator[None]:
    """Processes that are started while the block lasts know each other."""
    with TemporaryDirectory(prefix="longan-api-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]


def exist() -> bool:
    return FOLDER in os.environ


def end_together() -> None:
    """From now on this process ends with the one that looks after all of them: nobody would, and who comes in its place could not
    take the address.
    """
    if parent := multiprocessing.parent_process():
        tie_to_parent(parent.pid or 0, signal.SIGTERM)


def say_warm() -> None:
    """This process can work from now on; its end, however it comes, takes that back."""
    if not exist() or _kept:
        return
    lock = os.open(Path(os.environ[FOLDER], f"{os.getpid()}.warm"), os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC)
    fcntl.flock(lock, fcntl.LOCK_EX)
    _kept.append(lock)


def warm() -> int:
    """How many of them can work."""
    return sum(map(_is_kept, Path(os.environ[FOLDER]).glob("*.warm")))


def _is_kept(path: Path) -> bool:
    try:
        with path.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    path.unlink(missing_ok=True)
    return False
