"""Programs are kept running, stop in order, and never outlive the one who started them."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.running.instance_lock import LEAVING, Occupied, occupy
from infra.running.processes import is_ended, supervised_by
from infra.running.programs import DidNotStart, Process, Program, last_lines
from infra.running.supervision import TRIES_MAX
from tests.patience import SECONDS_MAX, wait_until

SUPERVISE = """
    import sys
    from pathlib import Path
    from infra.running.programs import Program
    from infra.running.supervision import StopRequested, Supervisor

    var = Path(sys.argv[1])
    python = [sys.executable, "-c"]
    sleeps = "import time; time.sleep(600)"
    with_child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    # The signal waits until it is asked for: a handler could interrupt the print before it, and may not print then.
    says_when_it_ends = (
        "import signal, sys\\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})\\n"
        "print('listening', flush=True)\\n"
        "signal.sigwait({signal.SIGTERM})\\n"
        "print(sys.argv[1], flush=True)"
    )
    programs = {
        "one": [*python, sleeps],
        "two": [*python, with_child],
        "first": [*python, says_when_it_ends, "first"],
        "second": [*python, says_when_it_ends, "second"],
        "done": [*python, "pass"],
        "failing": [*python, "raise SystemExit(3)"],
    }
    with Supervisor(var, lambda p, _: print(p.program.name, "ended", flush=True),
                    lambda p, _: print(p.program.name, "is back", flush=True)) as supervisor:
        try:
            for name in sys.argv[2:]:
                log = "shared" if name in ("first", "second") else name
                # On a busy machine nobody is killed for being slow.
                patience = {"stop_seconds_max": 60, "log": var / f"{log}.log", "ends": name in ("done", "failing")}
                supervisor.start(Program(name=name, command=programs[name], **patience))
            print("watching", flush=True)
            supervisor.watch()
        except StopRequested:
            print("stopping", flush=True)
"""


class Supervising:
    """A supervisor in a process of its own, which may be killed."""

    def __init__(self, var: Path, names: tuple[str, ...]) -> None:
        self.var = var
        script = textwrap.dedent(SUPERVISE)
        self.popen = subprocess.Popen(
            [sys.executable, "-c", script, str(var), *names],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.says() == "watching"

    def says(self) -> str:
        assert self.popen.stdout is not None
        return self.popen.stdout.readline().strip()

    def pid(self, name: str) -> int:
        return int((self.var / "run" / f"{name}.pid").read_text())

    def end(self, number: signal.Signals) -> list[str]:
        """What it still said."""
        self.popen.send_signal(number)
        said, _ = self.popen.communicate(timeout=SECONDS_MAX)
        return said.splitlines()


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervising]]:
    started: list[Supervising] = []

    def start(*names: str) -> Supervising:
        started.append(Supervising(tmp_path, names))
        return started[-1]

    yield start
    for supervising in started:
        supervising.popen.kill()
        supervising.popen.communicate()


def test_what_ends_when_its_work_is_done_is_let_go_and_tried_again_where_it_failed(
    supervise: Callable[..., Supervising],
) -> None:
    supervising = supervise("one", "done", "failing")
    told = [supervising.says()]
    while told.count("failing ended") < TRIES_MAX:
        told.append(supervising.says())
    # Between two ends it may be seen alive.
    assert set(told) <= {"failing ended", "failing is back"}
    run = supervising.var / "run"
    wait_until(lambda: sorted(run.iterdir()) == [run / "one.pid"])
    assert [line for line in supervising.end(signal.SIGTERM) if line != "failing is back"] == ["stopping"]


def test_a_killed_program_is_started_again(supervise: Callable[..., Supervising]) -> None:
    supervising = supervise("one", "two")
    first = supervising.pid("one")
    os.kill(first, signal.SIGKILL)
    assert [supervising.says(), supervising.says()] == ["one ended", "one is back"]
    assert supervising.pid("one") != first
    assert not is_ended(supervising.pid("one"))


def test_what_a_killed_program_had_started_ends_before_it_comes_back(supervise: Callable[..., Supervising]) -> None:
    supervising = supervise("two")
    wait_until(lambda: len(supervised_by(supervising.var)) == 2)
    before = set(supervised_by(supervising.var))
    os.kill(supervising.pid("two"), signal.SIGKILL)
    assert supervising.says() == "two ended"
    wait_until(lambda: all(is_ended(pid) for pid in before))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_without_a_traceback(supervise: Callable[..., Supervising], number: signal.Signals) -> None:
    supervising = supervise("one", "two")
    assert supervising.end(number) == ["stopping"]
    assert supervising.popen.returncode == 0
    wait_until(lambda: supervised_by(supervising.var) == [])  # the kernel takes its time to end what was killed
    assert list((supervising.var / "run").iterdir()) == []


def test_programs_stop_in_the_opposite_order(supervise: Callable[..., Supervising]) -> None:
    supervising = supervise("first", "second")
    log = supervising.var / "shared.log"
    wait_until(lambda: log.read_text() == "listening\n" * 2)
    supervising.end(signal.SIGTERM)
    assert log.read_text() == "listening\n" * 2 + "second\nfirst\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ties a child to its parent")
def test_programs_end_with_a_supervisor_that_is_killed(supervise: Callable[..., Supervising]) -> None:
    supervising = supervise("one", "first")
    wait_until(lambda: len(supervised_by(supervising.var)) == 2)
    supervising.end(signal.SIGKILL)
    wait_until(lambda: supervised_by(supervising.var) == [])


def test_a_program_that_ends_at_once_did_not_start(tmp_path: Path) -> None:
    code = "print('the reason'); raise SystemExit(3)"
    program = Program("odd", [sys.executable, "-c", code], tmp_path / "odd.log", is_ready=lambda pid: False)
    with pytest.raises(DidNotStart, match="odd did not start") as raised:
        Process(program, tmp_path).wait_until_ready()
    assert "the reason" in str(raised.value)


def test_a_program_that_is_not_ready_in_time_did_not_start(tmp_path: Path) -> None:
    program = Program(
        "slow", ["sleep", "600"], tmp_path / "slow.log", is_ready=lambda pid: False, ready_seconds_max=0.1
    )
    process = Process(program, tmp_path)
    with pytest.raises(DidNotStart):
        process.wait_until_ready()
    process.stop()
    assert process.popen.returncode == -signal.SIGTERM


def test_a_program_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    log = tmp_path / "deaf.log"
    process = Process(Program("deaf", [sys.executable, "-c", code], log, stop_seconds_max=0.2), tmp_path)
    wait_until(lambda: last_lines(log) == "deaf")
    process.stop()
    assert process.popen.returncode == -signal.SIGKILL


def test_a_second_occupant_hears_who_is_there(tmp_path: Path) -> None:
    said = rf"process {os.getpid()}, http://127\.0\.0\.1:8000, since \d{{4}}-\d\d-\d\d \d\d:\d\d UTC"
    with occupy(tmp_path, "http://127.0.0.1:8000"):  # noqa: SIM117 - one inside the other
        with pytest.raises(Occupied, match=f"^{said}$"), occupy(tmp_path, "http://127.0.0.1:8001"):
            pass


def test_the_next_occupant_waits_for_one_who_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = f"""
        import sys
        from pathlib import Path
        from infra.running.instance_lock import occupy
        with occupy(Path({str(tmp_path)!r}), "there") as occupancy:
            occupancy.leave()
            print("leaving", flush=True)
            sys.stdin.read()
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as leaving:
        assert leaving.stdin is not None and leaving.stdout is not None
        assert leaving.stdout.readline() == "leaving\n"
        assert (tmp_path / "occupied").read_text() == LEAVING
        gone, sleep = leaving.stdin, time.sleep
        # Nobody leaves before the next one has begun to wait.
        monkeypatch.setattr(time, "sleep", lambda seconds: (gone.close(), sleep(seconds)))
        with occupy(tmp_path, "here"):
            assert "here" in (tmp_path / "occupied").read_text()


def test_a_killed_occupant_leaves_the_place_free(tmp_path: Path) -> None:
    code = f"""
        import os, signal
        from pathlib import Path
        from infra.running.instance_lock import occupy
        with occupy(Path({str(tmp_path)!r}), "there"):
            os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(code)])
    assert killed.returncode == -signal.SIGKILL
    with occupy(tmp_path, "here"):
        pass
