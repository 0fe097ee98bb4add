"""What programs take of the processor and of memory, as Linux counts it; nothing where there is no such account."""

import os
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")


def seconds(pids: Iterable[int]) -> float:
    """The processor time that these processes and all that descend from them took so far."""
    of_parent = _children()
    counted, due = 0.0, list(pids)
    while due:
        pid = due.pop()
        counted += alone(pid)
        due += of_parent.get(pid, ())
    return counted


def resident_megabytes(pid: int) -> float:
    """How much memory they hold just now."""
    try:
        told = (PROC / str(pid) / "statm").read_text().split()
    except OSError:
        return 0.0
    return int(told[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for folder in PROC.glob("[0-9]*"):
        if parts := _stat(int(folder.name)):
            found.setdefault(int(parts[1]), []).append(int(folder.name))
    return found


def alone(pid: int) -> float:
    """The processor time that this process alone took so far."""
    parts = _stat(pid)
    # The eleventh and twelfth behind the name: in user mode, and in the kernel.
    return (int(parts[11]) + int(parts[12])) / float(os.sysconf("SC_CLK_TCK")) if parts else 0.0


def _stat(pid: int) -> list[str]:
    """What stands behind the name, which may hold anything."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
