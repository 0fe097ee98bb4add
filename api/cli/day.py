"""`longan day`: how far today is with everybody's agreements, and letting it pass now."""

from typing import TYPE_CHECKING, Any

import typer

from api.cli import runs
from api.cli.options import AsJson
from api.cli.runs import Ranges, Wait, Watched

if TYPE_CHECKING:
    from domain.days.alarms import DayBacklog
    from domain.days.days import Day, DayProgress

day = typer.Typer(help="How far today is with everybody's agreements, and letting it pass now.")


@day.callback(invoke_without_command=True)
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Say how far the last day came, and how many agreements wait. Exit code 1 where a day is late."""
    if context.invoked_subcommand is not None:
        return
    from api.cli import lab, nearby

    with nearby.servers():
        waiting, last, progress = nearby.run(_look())
    if as_json:
        lab.write(_figures(waiting, last, progress))
    else:
        typer.echo(_sentence(waiting, last, progress))
    if waiting.is_late:
        raise typer.Exit(1)


@day.command()
def run(ranges: Ranges = None, wait: Wait = True, as_json: AsJson = False) -> None:
    """Let today pass through everybody's agreements now: what it has done already it does not do again."""
    from domain.days import days, passing

    passed = Watched(
        "Day",
        begin=lambda db: passing.begin(db, ranges),
        progress=days.progress,
        handled=lambda now: now.touched,
        describe=lambda now: f"{now.touched:,} agreements touched",
        counted=lambda now: {"touched": now.touched},
    )
    runs.run(passed, wait=wait, as_json=as_json)


async def _look() -> "tuple[DayBacklog, Day | None, DayProgress | None]":
    from domain.days import alarms, days
    from infra.database import reading

    async with reading() as db:
        last = await days.latest(db)
        progress = await days.progress(db, last.id) if last else None
        return await alarms.look(db), last, progress


def _figures(waiting: "DayBacklog", last: "Day | None", progress: "DayProgress | None") -> dict[str, Any]:
    return {
        "today": waiting.on.isoformat(),
        "late": waiting.is_late,
        "waiting": waiting.waiting,
        "oldestSeconds": round(waiting.oldest_seconds),
        "last": last
        and progress
        and {
            "on": last.on.isoformat(),
            "zone": last.zone,
            "state": progress.state.value,
            "people": progress.people,
            "done": progress.done,
            "touched": progress.touched,
            "unreadable": progress.unreadable,
        },
    }


def _sentence(waiting: "DayBacklog", last: "Day | None", progress: "DayProgress | None") -> str:
    if last is None or progress is None:
        return f"No day has passed yet; {waiting.waiting:,} agreements wait for {waiting.on}."
    past = f"{last.on} ({last.zone}): {progress.done:,} of {progress.people:,} people, {progress.touched:,} agreements touched."
    if progress.unreadable:
        past += f" Of {progress.unreadable:,} people something stood in the way (the worker's log says day.failed)."
    late = " It is late." if waiting.is_late else ""
    return f"{past} {waiting.waiting:,} agreements wait for {waiting.on}.{late}"
