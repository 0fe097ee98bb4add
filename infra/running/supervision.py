"""Keeps programs running: starts them in order, starts the dead again, and stops all in the opposite order."""

import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from infra.running.programs import DidNotStart, Process, Program

PAUSE_SECONDS = 0.2
PAUSE_SECONDS_MAX = 5.0
HEALTHY_SECONDS = 30.0
TRIES_MAX = 3  # of a program that was to end, and failed
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Somebody pressed Ctrl-C, or asked us to end. Like KeyboardInterrupt, it passes everything that handles errors."""


@dataclass
class Supervised:
    """A program that should run, and how it fares."""

    process: Process
    failures: int = 0
    restart_at: float | None = None
    ended_at: float | None = None

    @property
    def pause(self) -> float:
        return float(min(PAUSE_SECONDS * 2**self.failures, PAUSE_SECONDS_MAX))


class Supervisor:
    """`on_end(process, pause)` hears of each end that nobody asked for, `on_return(process, seconds)` of each return."""

    def __init__(
        self,
        owner: Path,
        on_end: Callable[[Process, float], None] = lambda process, pause: None,
        on_return: Callable[[Process, float], None] = lambda process, seconds: None,
    ) -> None:
        self.owner = owner
        self.on_end = on_end
        self.on_return = on_return
        self.kept: list[Supervised] = []

    def __enter__(self) -> Self:
        # A child's end, like every signal, wakes the watch by one byte here: nothing polls.
        self.ear, self.mouth = socket.socketpair()
        self.ear.setblocking(False)
        self.mouth.setblocking(False)
        signal.set_wakeup_fd(self.mouth.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for number in STOP_SIGNALS:
            signal.signal(number, request_stop)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        self.stop()
        signal.set_wakeup_fd(-1)
        self.ear.close()
        self.mouth.close()
        for number in (*STOP_SIGNALS, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def start(self, program: Program) -> Process:
        process = Process(program, self.owner)
        self.kept.append(Supervised(process))
        self.write_pid(process)
        return process

    def watch(self) -> None:
        """Returns only by `StopRequested`."""
        while True:
            self.tend()
            self.sleep(self.seconds_to_sleep())

    def tend(self) -> None:
        for kept in [*self.kept]:
            if not kept.process.is_alive and kept.process.program.ends and self.is_over(kept):
                self.give_up(kept)
            elif kept.restart_at is not None and time.monotonic() >= kept.restart_at:
                self.restart(kept)
            elif kept.restart_at is None and not kept.process.is_alive:
                self.mourn(kept)
            elif kept.ended_at is not None and kept.restart_at is None and kept.process.is_ready:
                self.on_return(kept.process, time.monotonic() - kept.ended_at)
                kept.ended_at = None

    def is_over(self, kept: Supervised) -> bool:
        return kept.process.popen.returncode == 0 or kept.failures >= TRIES_MAX

    def give_up(self, kept: Supervised) -> None:
        self.kept.remove(kept)
        kept.process.stop()  # its descendants too
        self.pid_file(kept.process).unlink(missing_ok=True)

    def mourn(self, kept: Supervised) -> None:
        kept.process.stop()  # its descendants too
        now = time.monotonic()
        lived = now - kept.process.started
        kept.failures = 0 if lived > HEALTHY_SECONDS else kept.failures + 1
        kept.ended_at = kept.ended_at or now
        kept.restart_at = now + kept.pause
        self.on_end(kept.process, kept.pause)

    def restart(self, kept: Supervised) -> None:
        try:
            kept.process = Process(kept.process.program, self.owner)
        except Exception:  # whatever stopped it this time may be gone the next
            kept.failures += 1
            kept.restart_at = time.monotonic() + kept.pause
            return
        kept.restart_at = None
        self.write_pid(kept.process)

    def seconds_to_sleep(self) -> float | None:
        now = time.monotonic()
        waits = [max(0.0, kept.restart_at - now) for kept in self.kept if kept.restart_at is not None]
        waits += [0.1 for kept in self.kept if kept.ended_at is not None and kept.restart_at is None]
        return min(waits, default=None)

    def sleep(self, seconds: float | None) -> None:
        select.select([self.ear], [], [], seconds)
        with suppress(BlockingIOError):
            self.ear.recv(4096)

    def require_alive(self) -> None:
        for kept in self.kept:
            if not kept.process.is_alive:
                raise DidNotStart(kept.process.program)

    def stop(self) -> None:
        while self.kept:
            self.give_up(self.kept[-1])

    def write_pid(self, process: Process) -> None:
        file = self.pid_file(process)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{process.popen.pid}\n")

    def pid_file(self, process: Process) -> Path:
        return self.owner / "run" / f"{process.program.name.lower()}.pid"


def request_stop(number: int, frame: FrameType | None) -> None:
    # One request is enough: what follows must not be interrupted half-way.
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise StopRequested
