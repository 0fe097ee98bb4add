"""`longan bench serve`: how fast Longan answers beside the limit of its machine, and beside a peer."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from api.cli.bench.serving.runs import BenchRun, Size
    from api.story import ConsoleStory


def serve(
    people: Annotated[int, typer.Option(min=20, help="Simulated people.")] = 2_000,
    readers: Annotated[int, typer.Option(min=2, help="Of them, who read their Home.")] = 300,
    turns: Annotated[int, typer.Option(min=1, help="How often all take turns.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.05, help="Of one turn.")] = 1.5,
    applications: Annotated[int, typer.Option(min=1, help="Of one turn.")] = 100,
    only: Annotated[
        list[str] | None, typer.Option(help="Names of rows, as home or token; all where none is named.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read a scratch house from outside, in turns with one SELECT of the same bytes and, where Node is, with a peer."""
    from api.cli import lab, nearby
    from api.cli.bench import figures
    from api.cli.bench.scratch import house
    from api.cli.bench.serving import table
    from api.cli.bench.serving.load import Wrong
    from api.cli.bench.serving.runs import Size
    from infra import terminal

    size = Size(people, readers, turns, seconds, applications)
    with house(to_stderr=as_json) as story:
        try:
            run = nearby.run(_all(story, size, only or []))
        except Wrong as wrong:
            story.failed("It was answered wrongly", str(wrong))
            raise typer.Exit(1) from None
    if as_json:
        lab.write(figures.figures_of(run))
    else:
        table.write(run, terminal.console())


async def _all(story: "ConsoleStory", size: "Size", only: list[str]) -> "BenchRun":
    from api.cli.bench.serving import runs
    from api.cli.house import House

    return await runs.run(story, House(story), size, only)
