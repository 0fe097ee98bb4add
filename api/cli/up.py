"""`longan up`: everything on this machine, watched until Ctrl-C."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from api.story import ConsoleStory


def up(
    port: Annotated[int | None, typer.Option(min=1, max=65_535, help="Instead of 8000.", envvar="LONGAN_PORT")] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="That answer together.", envvar="LONGAN_PROCESSES")
    ] = None,
    tied: Annotated[bool, typer.Option(help="End when the process that started this one ends.")] = False,
) -> None:
    """Start everything on this machine: Postgres, Valkey, the API and the worker. Ctrl-C stops it."""
    import os
    import signal

    from api.cli import running
    from api.cli.house import CannotOpen, House
    from api.story import ConsoleStory
    from infra.running.bound_exec import tie_to_parent
    from infra.running.instance_lock import Occupied, occupy
    from infra.running.programs import DidNotStart
    from infra.settings import settings

    if tied:
        tie_to_parent(os.getppid(), signal.SIGTERM)
    story = ConsoleStory()
    if not settings().is_embedded:
        refuse(story, "this starts everything on one machine; the README says how to run it in production")
    house = House(story, port, processes)
    try:
        with occupy(house.var, house.address) as occupancy:
            running.run(house, occupancy)
    except Occupied as occupied:
        refuse(story, f"it already runs here: {occupied}. Stop that one with Ctrl-C first")
    except (CannotOpen, DidNotStart) as reason:
        refuse(story, str(reason))


def refuse(story: "ConsoleStory", reason: str) -> None:
    story.failed("Longan did not start", reason)
    raise typer.Exit(1) from None
