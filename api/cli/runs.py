"""Runs over everybody from the command line: begun here, done by the worker, watched from here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Generic, TypeVar
from uuid import UUID

import typer

if TYPE_CHECKING:
    from api.story import Step
    from domain.runs.runs import Run, RunProgress
    from infra.database import Db

STILL_SECONDS_MAX = 60.0
LOOK_SECONDS = 0.5
T = TypeVar("T", bound="RunProgress")

Ranges = Annotated[int | None, typer.Option(min=1, max=10_000, help="Into how many ranges of people to divide it.")]
Wait = Annotated[bool, typer.Option(help="Watch until it is done; otherwise only begin it.")]


@dataclass(frozen=True)
class Watched(Generic[T]):
    """What is done, how it is begun and how it is told of; `counted` are the numbers of its own, and `handled` who was worked on."""

    what: str
    begin: "Callable[[Db], Awaitable[Run]]"
    progress: "Callable[[Db, UUID], Awaitable[T]]"
    handled: Callable[[T], int]
    describe: Callable[[T], str]
    counted: Callable[[T], dict[str, int]]


def run(watched: Watched[T], *, wait: bool, as_json: bool) -> None:
    """Exits 1 where nothing moved for a minute."""
    from rich.console import Console

    from api.cli import lab, nearby
    from api.story import ConsoleStory

    story = ConsoleStory(Console(stderr=True, highlight=False) if as_json else None)
    with nearby.servers():
        with story.step(watched.what) as step:
            run_id, now = nearby.run(_begin_and_watch(watched, step, wait))
        if as_json:
            lab.write(_figures(watched, run_id, now))
        if wait and now.state == "RUNNING":
            story.failed(watched.what, "no worker takes it up; it goes on by itself when one runs: make run")
            raise typer.Exit(1)


async def _begin_and_watch(watched: Watched[T], step: "Step", wait: bool) -> tuple[UUID, T]:
    from api import wiring  # noqa: F401  every reaction must be known to whoever announces
    from infra import database

    async with database.transaction() as db:
        begun = await watched.begin(db)
    step.note = f"of {begun.people:,} people, begun"
    if wait:
        return begun.id, await _watch(watched, step, begun.id)
    async with database.reading() as db:
        return begun.id, await watched.progress(db, begun.id)


async def _watch(watched: Watched[T], step: "Step", run_id: UUID) -> T:
    """Until it has ended, or nothing has moved for a while."""
    import asyncio
    import time

    from infra.database import reading

    moved_at, last = time.monotonic(), None
    while True:
        async with reading() as db:
            now = await watched.progress(db, run_id)
        step.at(now.done, now.people, f"{now.done:,} of {now.people:,}")
        step.note = _note(watched, now)
        if now != last:
            moved_at, last = time.monotonic(), now
        if now.state != "RUNNING" or time.monotonic() - moved_at > STILL_SECONDS_MAX:
            return now
        await asyncio.sleep(LOOK_SECONDS)


def _note(watched: Watched[T], now: T) -> str:
    rate = _people_a_second(watched, now)
    speed = f", {rate:,.0f} people a second of processor time" if rate is not None else ""
    unreadable = f", {now.unreadable:,} could not be read (see the worker's log)" if now.unreadable else ""
    ended = ", superseded by a newer one" if now.state == "SUPERSEDED" else ""
    return f"{watched.describe(now)}{speed}{unreadable}{ended}"


def _figures(watched: Watched[T], run_id: UUID, now: T) -> dict[str, object]:
    rate = _people_a_second(watched, now)
    return {
        watched.what.lower(): str(run_id),
        "state": now.state.value,
        "people": now.people,
        "done": now.done,
        **watched.counted(now),
        "unreadable": now.unreadable,
        "peoplePerCpuSecond": round(rate, 1) if rate is not None else None,
    }


def _people_a_second(watched: Watched[T], now: T) -> float | None:
    return watched.handled(now) / now.cpu_seconds if now.cpu_seconds else None
