"""Finding and ending what an earlier run left behind. Linux tells through /proc; elsewhere nothing is found."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

# Every process that we start, and its descendants, carry the folder they work for.
SUPERVISED_BY = "LONGAN_SUPERVISED_BY"


def supervised_by(owner: Path) -> list[int]:
    mark = f"{SUPERVISED_BY}={owner.resolve()}".encode()
    return [pid for pid in all_pids() if mark in read(pid, "environ").split(b"\0") and not is_ended(pid)]


def titled(mark: str) -> list[int]:
    """Processes that name `mark` on their command line, or in the title that they wrote over it."""
    return [pid for pid in all_pids() if mark.encode() in read(pid, "cmdline") and not is_ended(pid)]


def all_pids() -> Iterator[int]:
    if not Path("/proc/self/stat").exists():
        return
    ours = {os.getpid(), os.getppid()}
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) not in ours:
            yield int(name)


def is_ended(pid: int) -> bool:
    """Gone, or a zombie that only waits for its parent to look."""
    stat = read(pid, "stat")
    return not stat or stat.rpartition(b")")[2].split()[0] in (b"Z", b"X")


def read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def end_all(find: Callable[[], list[int]], *signals: tuple[signal.Signals, float]) -> None:
    """Sends each signal to all that `find` still finds, and waits up to so many seconds for them to go."""
    for number, seconds_max in signals:
        for pid in find():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        deadline = time.monotonic() + seconds_max
        while find() and time.monotonic() < deadline:
            time.sleep(0.05)


def end_group(leader: int) -> None:
    """Ends what a dead leader's children left running."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
