"""Several processes that serve one address: any of them speaks for all, and none is missed when it dies."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from infra.embedded.valkey import free_port
from infra.running.processes import is_ended
from tests.patience import SECONDS_MAX, wait_until

PROCESSES = 2


@contextmanager
def serving(port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    told = {**os.environ, "LONGAN_PORT": str(port), "LONGAN_PROCESSES": str(PROCESSES)}
    with log.open("wb") as lines:
        command = [sys.executable, "-m", "api.server"]
        started = subprocess.Popen(command, env=told, stdout=lines, stderr=lines, start_new_session=True)
    try:
        yield started
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def at_work(parent: int) -> set[int]:
    """The processes that serve; the one that only keeps Python's own books is not."""
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return {int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}
    except OSError:
        return set()


def status(address: str, path: str) -> int:
    """By a connection of its own, which any of them may take."""
    try:
        return httpx2.get(address + path, timeout=SECONDS_MAX, verify=False).status_code
    except httpx2.TransportError:
        return 0


def counted(address: str) -> float:
    families = text_string_to_metric_families(httpx2.get(f"{address}/metrics", timeout=SECONDS_MAX, verify=False).text)
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == "longan_request_seconds_count" and sample.labels["route"] == "/healthz"
    )


@pytest.mark.usefixtures("models")
def test_any_speaks_for_all_and_who_dies_comes_back(tmp_path: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with serving(port, tmp_path / "api.log") as server:
        wait_until(lambda: status(address, "/readyz") == 200, "they are ready")
        first = at_work(server.pid)
        assert len(first) == PROCESSES

        assert {status(address, "/healthz") for _ in range(40)} == {200}
        assert counted(address) == 40

        lost = min(first)
        os.kill(lost, signal.SIGKILL)
        wait_until(lambda: len(at_work(server.pid) - {lost}) == PROCESSES, "another is there in its place")
        wait_until(lambda: status(address, "/readyz") == 200, "it is warm too")
        assert at_work(server.pid) & first == first - {lost}
        # What the dead one had counted still counts.
        assert {status(address, "/healthz") for _ in range(10)} == {200}
        assert counted(address) == 50

        server.send_signal(signal.SIGTERM)
        assert server.wait(SECONDS_MAX) == 0
    assert status(address, "/healthz") == 0
    assert [pid for pid in first if Path(f"/proc/{pid}").exists()] == []


SLOW = """
import time
from api.server import siblings
async def app(scope, receive, send):
    await receive()
    siblings.end_together()
    time.sleep(0.5)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
"""
STARTED_ANEW = """
import os
import uvicorn
from api.server import Processes
from infra.embedded.valkey import free_port
# None that is silent for so short would live; but who is started is waited for.
mine = uvicorn.Config("slow:app", port=free_port(), log_config=None, timeout_worker_healthcheck=0)
kept = Processes(mine, [mine.bind_socket()])
kept.init_processes()
(before,) = kept.processes
kept.restart_all()
print(kept.processes != [before], before.process.exitcode, mine.timeout_worker_healthcheck, kept.processes[0].pid, flush=True)
os.kill(os.getpid(), 9)
"""


def test_who_takes_long_to_start_replaces_the_one_before_and_ends_with_who_started_it(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    told = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", STARTED_ANEW], env=told, stdout=subprocess.PIPE, text=True, timeout=SECONDS_MAX
    )
    *said, pid = done.stdout.split()
    assert said == ["True", "-15", "0"]
    wait_until(lambda: is_ended(int(pid)), "it ended too")
