"""A whole machine of its own: `longan up` in real processes, any of which a test may kill."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2

from infra import embedded
from infra.embedded.valkey import free_port
from tests.patience import SECONDS_MAX, wait_until

VICTIMS = ("api", "worker", "relay", "sender", "postgres", "valkey")


@dataclass
class Machine:
    folder: Path
    url: str
    process: subprocess.Popen[bytes]

    @property
    def database_url(self) -> str:
        return embedded.at(self.folder).database_url

    def pid_of(self, victim: str) -> int:
        return int((self.folder / "run" / f"{victim}.pid").read_text())

    def kill(self, victim: str) -> None:
        with suppress(ProcessLookupError, FileNotFoundError, ValueError):
            os.kill(self.pid_of(victim), signal.SIGKILL)

    def logs(self) -> str:
        return "".join(path.read_text(errors="replace") for path in (self.folder / "log").glob("*.log"))

    def wait_until_ready(self) -> None:
        def is_ready() -> bool:
            assert self.process.poll() is None, "longan up ended"
            return self.is_ready()

        wait_until(is_ready, "the machine is not ready")

    def is_ready(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/readyz", timeout=10, verify=False).status_code == 200
        except httpx2.HTTPError:
            return False


@contextmanager
def running(models: Path, webhooks: str | None = None) -> Iterator[Machine]:
    """A machine with these models, ready, which may post webhooks to this host and port; stopped as by Ctrl-C when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="longan-faults-")).resolve()
    shutil.copytree(models, folder / models.name)
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LONGAN_")}
    # Whoever dies and comes back here is counted; nobody makes up a past beside them.
    environment = kept | {"LONGAN_VAR": str(folder), "LONGAN_PORT": str(port), "LONGAN_INVENTED_PEOPLE": "0"}
    if webhooks:
        environment["LONGAN_WEBHOOK_ALLOW"] = f'["{webhooks}"]'
    command = [sys.executable, "-m", "api.cli", "up"]
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    machine = Machine(folder, f"http://127.0.0.1:{port}", process)
    try:
        machine.wait_until_ready()
        yield machine
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(SECONDS_MAX)
        shutil.rmtree(folder, ignore_errors=True)


def order_of_deaths(seed: int, times: int) -> list[str]:
    """Each victim dies equally often, in an order that the seed tells."""
    deaths = list(VICTIMS) * times
    random.Random(seed).shuffle(deaths)
    return deaths
