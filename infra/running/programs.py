"""One program that we start, watch and stop: how it is started, when it is ready, how it likes to be asked to end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from infra.running.processes import SUPERVISED_BY, end_group

BOUND_EXEC = Path(__file__).with_name("bound_exec.py")
LOG_BYTES_MAX = 20_000_000


@dataclass(frozen=True)
class RunsAs:
    """Whom a program runs as. See `infra/running/bound_exec.py`."""

    how: Literal["same", "namespace", "become"] = "same"
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True)
class Program:
    name: str
    command: list[str]
    log: Path
    is_ready: Callable[[int], bool] = lambda pid: True
    prepare: Callable[[], None] = lambda: None
    environment: Mapping[str, str] = field(default_factory=dict)
    identity: RunsAs = RunsAs()
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds_max: float = 10.0
    ready_seconds_max: float = 60.0
    ends: bool = False  # when its work is done; it is started again only where it failed


class Process:
    """A program that was started. Its descendants share its process group and end with it."""

    def __init__(self, program: Program, owner: Path) -> None:
        program.prepare()
        self.program = program
        self.started = time.monotonic()
        with open_log(program.log) as log:
            self.popen = subprocess.Popen(
                bound_to_us(program.command, program.identity, program.stop_signal),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **program.environment, SUPERVISED_BY: str(owner.resolve())},
                cwd="/" if program.identity.how == "become" else None,
                process_group=0,  # Ctrl-C is for us alone; a session of its own would make niceness count for nothing
            )

    @property
    def is_alive(self) -> bool:
        return self.popen.poll() is None

    @property
    def is_ready(self) -> bool:
        return self.is_alive and self.program.is_ready(self.popen.pid)

    def ask_to_stop(self) -> None:
        if self.is_alive:
            self.popen.send_signal(self.program.stop_signal)

    def stop(self) -> None:
        """Asks, waits, insists."""
        self.ask_to_stop()
        try:
            self.popen.wait(self.program.stop_seconds_max)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait(5)
        end_group(self.popen.pid)

    def wait_until_ready(self) -> None:
        """Raises `DidNotStart` when the program ends or stays silent for longer than it may."""
        deadline = time.monotonic() + self.program.ready_seconds_max
        while not self.is_ready:
            if not self.is_alive or time.monotonic() > deadline:
                raise DidNotStart(self.program)
            time.sleep(0.02)


class DidNotStart(Exception):
    def __init__(self, program: Program) -> None:
        self.program = program
        super().__init__(f"{program.name} did not start; the end of {program.log}:\n{last_lines(program.log)}")


def bound_to_us(command: list[str], identity: RunsAs, death_signal: signal.Signals) -> list[str]:
    who = [identity.how, str(identity.uid), str(identity.gid)]
    return [sys.executable, "-I", "-S", str(BOUND_EXEC), str(os.getpid()), str(int(death_signal)), *who, *command]


def open_log(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def last_lines(path: Path, count: int = 12, bytes_max: int = 8_000) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - bytes_max))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])
    except OSError:
        return ""
