"""`longan status`: what runs here, since when, and whether it can work."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from api.cli.machine.ready import Readiness
    from infra.running.inventory import Running
    from infra.terminal import Listing

NOT_RUNNING = 1


def status(
    as_json: AsJson = False,
) -> None:
    """Say what runs on this machine and whether it is ready. Exit code 1 unless everything is.

    In production only whether the house at LONGAN_PUBLIC_URL is ready: programs are started and watched by others there.
    """
    from api.cli import lab
    from api.cli.address import address_of
    from api.cli.machine import ready
    from api.dev.past import progress
    from infra.running import inventory
    from infra.settings import settings

    var = settings().var.resolve()
    if settings().is_embedded:
        programs, address = inventory.look(var), address_of(var)
    else:
        programs, address = [], settings().public_url
    found, past = ready.ask(address) if address else None, progress.read(var)
    if as_json:
        lab.write(_figures(programs, address, found) | {"invented": past and past.figures})
    else:
        _show(programs, address, found, var)
        if past:
            typer.echo(f" Invented people: {past.words}")
    if not (found and found.is_ready and all(each.is_running for each in programs)):
        raise typer.Exit(NOT_RUNNING)


def _figures(programs: "list[Running]", address: str | None, found: "Readiness | None") -> dict[str, object]:
    return {
        "address": address,
        "ready": found is not None and found.is_ready,
        "checks": found and found.checks,
        "reactions": found and found.reactions,
        "webhooks": found and found.webhooks,
        "notices": found and found.notices,
        "day": found and found.day,
        "programs": [
            {
                "name": each.name,
                "running": each.is_running,
                "pid": each.pid,
                "seconds": each.seconds and round(each.seconds),
                "memoryBytes": each.memory_bytes,
            }
            for each in programs
        ],
    }


def _show(programs: "list[Running]", address: str | None, found: "Readiness | None", var: Path) -> None:
    from infra import terminal

    console = terminal.console()
    if address is None:
        console.print(f"Nothing runs here (data in {var}). Start it: make run", soft_wrap=True)
        return
    if programs:
        console.print(_table(programs))
    console.print(f"\n {_verdict(found)}\n {address}", soft_wrap=True)
    if found is not None:
        for told in (_work(found), _partners(found), _people(found), _day(found)):
            console.print(f" {told}", soft_wrap=True)


def _table(programs: "list[Running]") -> "Listing":
    from rich.text import Text

    from infra import terminal
    from infra.running import inventory

    table = terminal.Listing("Program", "State", "Pid", "For", "Memory", right=("Pid", "For", "Memory"))
    for each in programs:
        state = Text("runs", "green") if each.is_running else Text("does not run", "bold red")
        lived = "" if each.seconds is None else inventory.since(each.seconds)
        memory = "" if each.memory_bytes is None else f"{each.memory_bytes / 1e6:,.0f} MB"
        table.add_row(each.name, state, str(each.pid or ""), lived, memory)
    return table


def _verdict(found: "Readiness | None") -> str:
    if found is None:
        from infra.settings import settings

        told = "Its log: longan logs api" if settings().is_embedded else "Its log says why."
        return f"[bold red]The API does not answer.[/] {told}"
    wrong = [name for name, answers in found.checks.items() if not answers]
    return f"[bold red]Not ready: {', '.join(wrong)}.[/]" if wrong else "[green]Ready.[/]"


def _work(found: "Readiness") -> str:
    """What the worker still owes, and for how long: an age tells what a count cannot."""
    waits = found.reactions
    if waits is None:
        return "Nobody can tell what waits for the worker."
    told = f"{waits['waiting']:,} reactions wait, the oldest for {waits['oldest_seconds']:,} s; {waits['parked']:,} are parked."
    return f"[bold red]{told}[/] See: longan reactions" if waits["late"] or waits["parked"] else told


def _partners(found: "Readiness") -> str:
    """What waits for partners' servers; what they do not take themselves is no fault of ours, and no red line."""
    waits = found.webhooks
    if waits is None:
        return "Nobody can tell what waits for partners."
    told = f"{waits['waiting']:,} deliveries wait for partners, the oldest due for {waits['due_seconds']:,} s; "
    told += f"{waits['failing']:,} webhooks fail, {waits['paused']:,} are paused."
    return f"[bold red]{told}[/] See: longan logs sender" if waits["late"] else told


def _people(found: "Readiness") -> str:
    """What people were not told because whoever sends it for us is away."""
    waits = found.notices
    if waits is None:
        return "Nobody can tell what people were not told."
    told = f"{waits['pushes']:,} pushes and {waits['texts']:,} texts were tried in vain and wait"
    if not waits["pushes"] and not waits["texts"]:
        return f"{told}."
    return f"[bold red]{told}, the oldest for {waits['oldest_seconds']:,} s.[/] See: longan logs worker"


def _day(found: "Readiness") -> str:
    """Whether what comes of agreements by itself has come."""
    waits = found.day
    if waits is None:
        return "Nobody can tell how far the day is."
    told = f"{waits['waiting']:,} agreements wait for their day"
    return f"[bold red]{told}, which is late.[/] See: longan day" if waits["late"] else f"{told}."
