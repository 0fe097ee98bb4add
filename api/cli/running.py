"""A house that runs: started, watched until somebody asks it to stop, and what is told of it meanwhile."""

import shutil
import signal
import sys
import time
from pathlib import Path

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from api.cli.house import House, shorten
from api.story import NAME_COLUMNS, ConsoleStory
from infra.running.instance_lock import Occupancy
from infra.running.programs import Process, last_lines
from infra.running.supervision import StopRequested, Supervisor


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
