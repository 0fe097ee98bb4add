"""`longan up`: everything on this machine, watched until Ctrl-C."""

import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from api.cli.house import CannotOpen, House, shorten
from api.story import NAME_COLUMNS, ConsoleStory
from infra.running.bound_exec import tie_to_parent
from infra.running.instance_lock import Occupancy, Occupied, occupy
from infra.running.programs import DidNotStart, Process, last_lines
from infra.running.supervision import StopRequested, Supervisor
from infra.settings import settings


def up(
    port: Annotated[int | None, typer.Option(min=1, max=65_535, help="Instead of 8000.", envvar="LONGAN_PORT")] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="That answer together.", envvar="LONGAN_PROCESSES")
    ] = None,
    tied: Annotated[bool, typer.Option(help="End when the process that started this one ends.")] = False,
) -> None:
    """Start everything on this machine: Postgres, Valkey, the API and the worker. Ctrl-C stops it."""
    if tied:
        tie_to_parent(os.getppid(), signal.SIGTERM)
    story = ConsoleStory()
    if not settings().is_embedded:
        refuse(story, "this starts everything on one machine; the README says how to run it in production")
    house = House(story, port, processes)
    try:
        with occupy(house.var, house.address) as occupancy:
            run(house, occupancy)
    except Occupied as occupied:
        refuse(story, f"it already runs here: {occupied}. Stop that one with Ctrl-C first")
    except (CannotOpen, DidNotStart) as reason:
        refuse(story, str(reason))


def refuse(story: ConsoleStory, reason: str) -> None:
    story.failed("Longan did not start", reason)
    raise typer.Exit(1) from None


def run(house: House, occupancy: Occupancy) -> None:
    """Returns when somebody asked it to stop."""
    story, started = house.story, time.monotonic()
    story.console.print("\n  [bold]Longan[/]\n")
    with Supervisor(house.var, ProgramTeller(story).ended, ProgramTeller(story).returned) as supervisor:
        try:
            house.start(supervisor)
            welcome(story, house.address, time.monotonic() - started)
            supervisor.watch()
        except StopRequested:
            occupancy.leave()
            story.console.show_cursor(True)
            story.console.print()
            with story.step("Stopping"):
                supervisor.stop()
                house.servers.postgres.tidy()


class ProgramTeller:
    """Tells of the programs that ended and came back while everything ran."""

    def __init__(self, story: ConsoleStory) -> None:
        self.story = story

    def ended(self, process: Process, pause: float) -> None:
        code, log = process.popen.returncode, process.program.log
        if code == -signal.SIGKILL:
            # It had no time to say why.
            self.story.failed(process.program.name, "was killed; starting it again")
            return
        how = f"ended with {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"
        self.story.failed(process.program.name, f"{how}; starting it again. The end of {shorten(log)}:")
        for line in last_lines(log, 6).splitlines():
            self.story.console.print(Text(f"      {line}", style="dim"), no_wrap=True, overflow="ellipsis")

    def returned(self, process: Process, seconds: float) -> None:
        self.story.done(process.program.name, "is back", seconds)


def welcome(story: ConsoleStory, address: str, seconds: float) -> None:
    table = Table.grid(padding=(0, 3))
    for what, where in places(address):
        table.add_row(Text(what, style="dim"), Text(where, style="bold"))
    story.console.print()
    if story.console.is_terminal:
        title = f"[bold green]ready[/] in {seconds:.1f} s"
        story.console.print(Panel.fit(table, title=title, padding=(1, 2), border_style="green"))
    else:
        story.done("Ready", seconds=seconds)
        for what, where in places(address):
            story.console.print(f"    {what:<{NAME_COLUMNS}}{where}", soft_wrap=True)


def places(address: str) -> list[tuple[str, str]]:
    longan = "longan" if shutil.which("longan") else shorten(Path(sys.executable).with_name("longan"))
    return [
        ("Start here", f"{address}/"),
        ("GraphiQL", f"{address}/graphql"),
        ("Console", f"{address}/console"),
        ("Guided tour", f"{longan} demo"),
        ("What runs", f"{longan} status"),
        ("Stop", "Ctrl-C"),
    ]
