"""What a run came to, in eighty columns."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from api.cli.bench.serving.measuring import LIMIT, OURS, PEER, Goal, Median, Result
from api.cli.bench.serving.runs import BenchRun
from infra.terminal import Listing

RIGHT = ("a second", "p99 ms", "CPU ms", "limit", "peer")


def write(run: BenchRun, console: Console) -> None:
    table = Listing("what", *RIGHT, "goal", right=RIGHT)
    for row in run.rows:
        table.add_row(*_cells(row))
    console.print(table)
    console.print(Text("\n".join(f"  {line}" for line in _notes(run)), style="dim"), soft_wrap=True)


def _cells(row: Result) -> Iterator[str | Text]:
    ours = row.contenders[OURS]
    yield row.short
    yield f"{ours.per_second.median:,.0f}"
    yield f"{ours.p99_ms:,.1f}"
    yield f"{ours.cpu_ms:.2f}"
    yield _ratio(row.of_limit)
    yield _ratio(row.of_peer)
    yield Text("\n").join(_goal(goal) for goal in row.goals)


def _ratio(ratio: Median | None) -> str:
    """How many times as many answers as the other."""
    return "" if ratio is None else f"{ratio.median:.2f}"


def _goal(goal: Goal) -> Text:
    return Text(f"{goal.short} {'✓' if goal.met else '✗'}", "green" if goal.met else "red")


def _notes(run: BenchRun) -> Iterator[str]:
    yield f"{run.machine}; {run.people:,} people, {run.products:,} products; {run.turns} turns of {run.seconds:g} s each"
    yield f"the API was ready in {run.ready_seconds:.1f} s, and holds {run.memory_megabytes:,.0f} MB after all this"
    yield "limit, peer: how many times as many answers a second as these, medians over the turns:"
    for row in run.rows:
        others = [
            f"{name} {_spread(row.contenders[name].per_second)}" for name in (LIMIT, PEER) if name in row.contenders
        ]
        yield f"  {row.title}: {_spread(row.contenders[OURS].per_second)}; {', '.join(others)}"
    yield from run.notes


def _spread(spread: Median) -> str:
    return f"{spread.median:,.0f} [{spread.low:,.0f}, {spread.high:,.0f}]"
