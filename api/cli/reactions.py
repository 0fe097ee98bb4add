"""`longan reactions`: what the worker owes, and trying again what was given up."""

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from infra.backlog import Backlog, Waiting

T = TypeVar("T")

reactions = typer.Typer(help="What the worker owes, and trying again what was given up.")


@reactions.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List what waits and what was given up, by reaction; or have it tried again. Exit code 1 where anything is parked."""
    if context.invoked_subcommand is not None:
        return
    from api.cli import lab

    found = _run(_look())
    if as_json:
        lab.write(_figures(found))
    else:
        _show(found)
    if found.parked:
        raise typer.Exit(1)


@reactions.command()
def retry(
    names: Annotated[list[str] | None, typer.Argument(help="Only these, as the list names them; else all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Have what was given up tried again, as if for the first time. Mend its cause first. Exit code 1 where nothing is parked."""
    from api.cli import lab
    from infra import leases

    tried = _run(leases.try_again(names or None))
    if as_json:
        lab.write({"triedAgain": tried})
    else:
        typer.echo("".join(f"{name}: {times:,} tried again\n" for name, times in sorted(tried.items())), nl=False)
    if not tried:
        typer.echo("Nothing of that is parked." if names else "Nothing is parked.", err=True)
        raise typer.Exit(1)


async def _look() -> "Backlog":
    from infra import backlog, database

    async with database.reading() as db:
        return await backlog.look(db)


def _run(work: Awaitable[T]) -> T:
    from api.cli import nearby

    with nearby.servers():
        return nearby.run(work)


def _figures(found: "Backlog") -> dict[str, Any]:
    return {
        "waiting": found.waiting,
        "oldestSeconds": round(found.oldest_seconds),
        "parked": found.parked,
        "oldestParkedSeconds": round(found.oldest_parked_seconds),
        "late": found.is_late,
        "reactions": [
            {
                "reaction": each.reaction,
                "waiting": each.waiting,
                "oldestSeconds": round(each.oldest_seconds),
                "failing": each.failing,
                "parked": each.parked,
                "oldestParkedSeconds": round(each.oldest_parked_seconds),
                "errors": list(each.errors),
            }
            for each in found.reactions
        ],
    }


def _show(found: "Backlog") -> None:
    from infra import terminal

    if not found.reactions:
        typer.echo("Nothing waits.")
        return
    numbers = ("Waiting", "Oldest", "Failing", "Parked", "Oldest parked")
    table = terminal.Listing("Reaction", *numbers, "Errors", right=numbers, prose=("Errors",))
    for each in found.reactions:
        table.add_row(each.reaction, *_cells(each), ", ".join(each.errors))
    terminal.console().print(table)
    if found.parked:
        typer.echo("\n What is parked waits for you: mend its cause, then longan reactions retry")


def _cells(each: "Waiting") -> list[str]:
    def age(count: int, seconds: float) -> str:
        return f"{seconds:,.0f} s" if count else ""

    return [
        str(each.waiting or ""),
        age(each.waiting, each.oldest_seconds),
        str(each.failing or ""),
        str(each.parked or ""),
        age(each.parked, each.oldest_parked_seconds),
    ]
