"""`longan doctor`: whether this machine and these settings can carry Longan, and what to do where they cannot."""

from typing import TYPE_CHECKING

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from api.cli.machine.findings import MachineFinding


def doctor(
    as_json: AsJson = False,
) -> None:
    """Check Python, disk, settings, keys, ports and servers, and say what to do. Exit code 1 where something is wrong."""
    from api.cli import lab
    from api.cli.machine.examining import examine
    from api.cli.machine.findings import State

    findings = examine()
    if as_json:
        told = [{"what": each.what, "state": each.state, "found": each.found, "todo": each.todo} for each in findings]
        lab.write({"well": not any(each.state is State.WRONG for each in findings), "findings": told})
    else:
        _show(findings)
    if any(each.state is State.WRONG for each in findings):
        raise typer.Exit(1)


def _show(findings: "list[MachineFinding]") -> None:
    from rich.text import Text

    from api.cli.machine.findings import State
    from infra import terminal

    marks = {State.WELL: ("✓", "green"), State.LOOK: ("!", "bold yellow"), State.WRONG: ("✗", "bold red")}
    table = terminal.Listing("", "What", "Found", prose=("Found",))
    for each in findings:
        found = f"{each.found}. {each.todo}" if each.todo else each.found
        table.add_row(Text(*marks[each.state]), each.what, Text(found))
    terminal.console().print(table)
