"""What of a folder's programs runs, as their pid files and Linux's /proc tell it."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from infra.running.instance_lock import occupant
from infra.running.processes import all_pids, is_ended, read

NAMES = ("Postgres", "Valkey", "API", "Worker", "Relay", "Sender")


@dataclass(frozen=True)
class Running:
    """`memory_bytes` is what the program and its children hold alone or share in proportion; None where nobody tells."""

    name: str
    pid: int | None = None
    seconds: float | None = None
    memory_bytes: int | None = None

    @property
    def is_running(self) -> bool:
        return self.pid is not None

    @property
    def lived(self) -> timedelta | None:
        return None if self.seconds is None else timedelta(seconds=self.seconds)


def look(folder: Path) -> list[Running]:
    """Every program of `longan up` in `folder`, whether it runs or not."""
    said = re.match(r"process (\d+)", occupant(folder) or "")
    return [_of(folder, name, said[1] if said else "") for name in NAMES]


def _of(folder: Path, name: str, supervisor: str) -> Running:
    pid = _recorded(folder / "run" / f"{name.lower()}.pid")
    # A pid may by now be anybody's; a child of the supervisor is ours.
    if pid is None or is_ended(pid) or _fields(pid)[1:2] != [supervisor]:
        return Running(name)
    return Running(name, pid, _age(pid), sum(_memory(each) for each in _group(pid)) or None)


def _recorded(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _group(leader: int) -> Iterator[int]:
    for pid in {leader, *all_pids()}:  # whoever looks may be one of them
        if _fields(pid)[2:3] == [str(leader)]:
            yield pid


def _fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name: state, parent, group, and on."""
    return read(pid, "stat").rpartition(b")")[2].decode().split()


def _age(pid: int) -> float | None:
    fields = _fields(pid)
    if len(fields) < 20:
        return None
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    return max(0.0, uptime - int(fields[19]) / os.sysconf("SC_CLK_TCK"))


def _memory(pid: int) -> int:
    for line in read(pid, "smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def since(seconds: float) -> str:
    """When it began, in words for a table: `3 min`, `2 h 5 min`."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    told = [f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if count]
    return " ".join(told[:2])
