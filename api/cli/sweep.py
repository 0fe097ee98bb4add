"""`longan match sweep`: everybody matched anew by the worker, watched from here."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import lab

if TYPE_CHECKING:
    from uuid import UUID

    from api.story import Step
    from domain.matching.sweeps.sweeps import SweepProgress

STILL_SECONDS_MAX = 60.0
LOOK_SECONDS = 0.5


def sweep(
    ranges: Annotated[int | None, typer.Option(min=1, help="Into how many ranges of people to divide it.")] = None,
    wait: Annotated[bool, typer.Option(help="Watch until it is done; otherwise only begin it.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Match everybody anew: the picks for campaigns, and for how many people each product is eligible."""
    import asyncio

    from rich.console import Console

    from api.cli import nearby
    from api.story import ConsoleStory

    story = ConsoleStory(Console(stderr=True, highlight=False) if as_json else None)
    with nearby.servers():
        with story.step("Sweep") as step:
            sweep_id, now = asyncio.run(_begin_and_watch(step, ranges, wait))
        if as_json:
            lab.write(_figures(sweep_id, now))
        if wait and now.state == "RUNNING":
            story.failed("Sweep", "no worker takes it up; it goes on by itself when one runs: make run")
            raise typer.Exit(1)


async def _begin_and_watch(step: "Step", ranges: int | None, wait: bool) -> "tuple[UUID, SweepProgress]":
    from api import wiring  # noqa: F401  every reaction must be known to whoever announces
    from domain.matching.sweeps import sweeping, sweeps
    from infra import cache, database

    try:
        async with database.transaction() as db:
            begun = await sweeping.begin(db, ranges)
        step.note = f"of {begun.people:,} people, begun"
        if wait:
            return begun.id, await _watch(step, begun.id)
        async with database.reading() as db:
            return begun.id, await sweeps.progress(db, begun.id)
    finally:
        await database.close_engine()
        await cache.close_valkey()


async def _watch(step: "Step", sweep_id: "UUID") -> "SweepProgress":
    """Until it has ended, or nothing has moved for a while."""
    import asyncio
    import time

    from domain.matching.sweeps import sweeps
    from infra.database import reading

    moved_at, last = time.monotonic(), -1
    while True:
        async with reading() as db:
            now = await sweeps.progress(db, sweep_id)
        step.at(now.done, now.people, f"{now.done:,} of {now.people:,}")
        step.note = _told(now)
        if now.done != last:
            moved_at, last = time.monotonic(), now.done
        if now.state != "RUNNING" or time.monotonic() - moved_at > STILL_SECONDS_MAX:
            return now
        await asyncio.sleep(LOOK_SECONDS)


def _told(now: "SweepProgress") -> str:
    speed = f", {now.matched / now.cpu_seconds:,.0f} people a second of processor time" if now.cpu_seconds else ""
    unreadable = f", {now.unreadable:,} could not be read (see the worker's log)" if now.unreadable else ""
    ended = ", superseded by a newer one" if now.state == "SUPERSEDED" else ""
    return f"{now.matched:,} of {now.people:,} matched{speed}{unreadable}{ended}"


def _figures(sweep_id: "UUID", now: "SweepProgress") -> dict[str, object]:
    speed = round(now.matched / now.cpu_seconds, 1) if now.cpu_seconds else None
    return {
        "sweep": str(sweep_id),
        "state": now.state.value,
        "people": now.people,
        "done": now.done,
        "matched": now.matched,
        "unreadable": now.unreadable,
        "peoplePerCpuSecond": speed,
    }
