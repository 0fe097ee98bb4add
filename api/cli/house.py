"""Everything that runs on one machine: the two servers, the web app, the worker, the relay and the sender."""

import http.client
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from api.cli.address import seen_address
from api.cli.prepared import forget, is_prepared, remember
from api.dev.past import progress
from api.story import ConsoleStory
from infra import embedded
from infra.embedded.valkey import is_free
from infra.running.processes import end_all, supervised_by
from infra.running.programs import Program, RunsAs, bound_to_us
from infra.running.supervision import Supervisor
from infra.settings import settings

PYTHON = sys.executable
YIELDING = ["nice", "-n", "5"]  # work behind the scenes leaves the processor to people who wait
AT_LEISURE = ["nice", "-n", "19"]  # and what nobody waits for, to everybody
STOP_SECONDS_MAX = 6.0
SLOW_START_SECONDS_MAX = 240.0  # a machine that has other work is slow, not broken; who ends is noticed at once


class CannotOpen(Exception):
    """A sentence that says why, and what to do."""


class House:
    def __init__(self, story: ConsoleStory, port: int | None = None, processes: int | None = None) -> None:
        self.story = story
        self.var = settings().var.resolve()
        self.host = settings().host
        self.port = port or settings().port
        self.processes = processes or settings().processes
        self.address = f"http://{self.host}:{self.port}"
        self.servers = embedded.at(self.var)
        self.runs = False

    def start(self, supervisor: Supervisor) -> None:
        """Returns when the web app is ready. Raises `CannotOpen` or `DidNotStart`."""
        self.clear()
        if settings().database_url is None:
            with self.story.step("Postgres") as step:
                supervisor.start(self.servers.postgres.program(self.log("postgres"))).wait_until_ready()
                if embedded.make_database(self.servers):
                    forget(self.var)
                    progress.forget(self.var)
                step.note = f"data in {shorten(self.servers.postgres.folder)}"
        if settings().valkey_url is None:
            with self.story.step("Valkey"):
                supervisor.start(self.servers.valkey.program(self.log("valkey"))).wait_until_ready()
        self.prepare()
        with self.story.step("API and worker") as step:
            api = supervisor.start(self.api())
            supervisor.start(self.worker())
            supervisor.start(self.relay())
            supervisor.start(self.sender())
            api.wait_until_ready()
            supervisor.require_alive()
            step.note = f"logs in {shorten(self.var / 'log')}"
        self.runs = True
        if self.wants_a_past():
            supervisor.start(self.past())

    def clear(self) -> None:
        """Ends what an earlier run left here, and makes sure of the port."""
        self.servers.postgres.end_leftovers()
        end_all(lambda: supervised_by(self.var), (signal.SIGTERM, 5), (signal.SIGKILL, 3))
        if not is_free(self.port, self.host):
            raise CannotOpen(
                f"port {self.port} is taken by another program. Choose another: make run LONGAN_PORT={self.port + 1}"
            )

    def prepare(self) -> None:
        if settings().database_url is not None or not is_prepared(self.var):
            self.make_ready()

    def catch_up(self) -> None:
        """Code that came while the house runs is what a program is started again with, and must find its tables."""
        if self.runs and not is_prepared(self.var):
            self.make_ready()

    def make_ready(self) -> None:
        """Make the house ready in a process of its own, which gives back the memory that training takes."""
        command = bound_to_us([PYTHON, "-m", "api.cli", "prepare"], RunsAs(), signal.SIGKILL)
        done = subprocess.run(command, env={**os.environ, **self.environment()}, start_new_session=True)
        if done.returncode != 0:
            raise CannotOpen("it could not be prepared; what it said stands above")
        remember(self.var)

    def api(self) -> Program:
        return self.program(
            "API",
            [PYTHON, "-m", "api.server"],
            is_ready=lambda pid: self.answers(),
            ready_seconds_max=SLOW_START_SECONDS_MAX,
        )

    def worker(self) -> Program:
        celery = [
            PYTHON,
            "-m",
            "celery",
            "--quiet",
            "-A",
            "api.worker",
            "worker",
            "--without-mingle",
            "--without-gossip",
        ]
        return self.program("Worker", [*YIELDING, *celery])

    def relay(self) -> Program:
        return self.program("Relay", [*YIELDING, PYTHON, "-m", "api.relay"])

    def sender(self) -> Program:
        """The sender of webhooks."""
        return self.program("Sender", [*YIELDING, PYTHON, "-m", "api.sender"])

    def wants_a_past(self) -> bool:
        made = progress.read(self.var)
        return settings().invented_people > 0 and not (made and made.is_whole)

    def past(self) -> Program:
        """Invented people, so that charts have something to show."""
        return self.program("Past", [*AT_LEISURE, PYTHON, "-m", "api.cli", "invent"], ends=True)

    def program(self, name: str, command: list[str], **more: Any) -> Program:
        """One of our code, which finds the tables of that code however late it is started again."""
        return Program(
            name=name,
            command=command,
            log=self.log(name.lower()),
            prepare=self.catch_up,
            environment=self.environment(),
            stop_seconds_max=STOP_SECONDS_MAX,
            **more,
        )

    def environment(self) -> dict[str, str]:
        return {
            "LONGAN_VAR": str(self.var),
            "LONGAN_PORT": str(self.port),
            "LONGAN_PROCESSES": str(self.processes),
            "LONGAN_PUBLIC_URL": seen_address(self.address),
            "LONGAN_DATABASE_URL": settings().database_url or self.servers.database_url,
            "LONGAN_VALKEY_URL": settings().valkey_url or self.servers.valkey_url,
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "",
        }

    def log(self, name: str) -> Path:
        return self.var / "log" / f"{name}.log"

    def answers(self) -> bool:
        return self.answers_at(self.host, self.port)

    @staticmethod
    def answers_at(host: str, port: int) -> bool:
        connection = http.client.HTTPConnection(host, port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def shorten(path: Path) -> str:
    """A path, as short as it can be said from where we stand."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
