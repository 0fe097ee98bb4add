"""`longan bench door`: how long a partner waits for a score at its door, beside the app, and whether time tells tokens apart."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from api.cli.bench.serving.doors import DoorFigures, DoorSize
    from api.story import ConsoleStory


def door(
    readers: Annotated[int, typer.Option(min=2, help="People who are asked about, and who read their Home.")] = 200,
    per_second: Annotated[int, typer.Option(min=1, help="Questions of the partner a second.")] = 50,
    homes: Annotated[int, typer.Option(min=1, help="Homes that the app reads a second beside.")] = 50,
    seconds: Annotated[int, typer.Option(min=1, help="How long, alone and beside the app.")] = 30,
    pairs: Annotated[int, typer.Option(min=10, help="How often each token that opens nothing is shown.")] = 400,
    processes: Annotated[int, typer.Option(min=1, help="Processes of the API that answer.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Ask for scores at a steady pace, alone and beside the app, and show tokens that open nothing in turns."""
    from api.cli import lab, nearby
    from api.cli.bench import figures
    from api.cli.bench.scratch import house
    from api.cli.bench.serving.doors import DoorSize

    size = DoorSize(readers, per_second, homes, seconds, pairs)
    with house(to_stderr=as_json, durable=True) as story:
        measured = nearby.run(_all(story, size, processes))
    if as_json:
        lab.write(figures.figures_of(measured) | {"isMet": measured.is_met, "tellsNothing": measured.tells_nothing})
    else:
        _show(measured)


async def _all(story: "ConsoleStory", size: "DoorSize", processes: int) -> "DoorFigures":
    from api.cli.bench.serving import doors
    from api.cli.house import House

    return await doors.run(story, House(story, processes=processes), size)


def _show(measured: "DoorFigures") -> None:
    from api.cli.bench.serving.doors import GOAL_P99_MS
    from infra import terminal

    headers = ("requests", "p50 ms", "p99 ms")
    table = terminal.Listing("at a steady pace", *headers, right=headers)
    rows = [(name, measured.alone[name], measured.beside[name]) for name in measured.alone]
    latencies = [row for name, alone, beside in rows for row in ((f"{name}, alone", alone), ("beside the app", beside))]
    for name, took in [*latencies, ("the app's Home beside checkScore and readScoreReport", measured.home)]:
        table.add_row(name, f"{took.requests:,}", f"{took.p50_ms:.1f}", f"{took.p99_ms:.1f}")
    console = terminal.console()
    console.print(table)
    verdict = "met" if measured.is_met else "not met"
    console.print(f"p99 of checkScore beside the app at most {GOAL_P99_MS:g} ms: {verdict}")
    for name, apart in measured.apart.items():
        console.print(f"{name}: {apart.median:+.2f} ms ({apart.low:+.2f} to {apart.high:+.2f}) beside the others")
    console.print("Their times tell nothing." if measured.tells_nothing else "Their times tell them apart.")
