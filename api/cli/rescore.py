"""`longan rescore`: everybody scored anew by the worker, watched from here."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from uuid import UUID

    from api.story import Step
    from domain.credit.rescores import RescoreProgress

STILL_SECONDS_MAX = 60.0
LOOK_SECONDS = 0.5


def rescore(
    ranges: Annotated[int | None, typer.Option(min=1, help="Into how many ranges of people to divide it.")] = None,
    wait: Annotated[bool, typer.Option(help="Watch until it is done; otherwise only begin it.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Score everybody anew whose score doesn't stand: other facts, expired facts, or another model."""
    import asyncio

    from rich.console import Console

    from api.cli import lab, nearby
    from api.story import ConsoleStory

    story = ConsoleStory(Console(stderr=True, highlight=False) if as_json else None)
    with nearby.servers():
        with story.step("Rescore") as step:
            rescore_id, now = asyncio.run(_begin_and_watch(step, ranges, wait))
        if as_json:
            lab.write(_figures(rescore_id, now))
        if wait and now.state == "RUNNING":
            story.failed("Rescore", "no worker takes it up; it goes on by itself when one runs: make run")
            raise typer.Exit(1)


async def _begin_and_watch(step: "Step", ranges: int | None, wait: bool) -> "tuple[UUID, RescoreProgress]":
    from api import wiring  # noqa: F401  every reaction must be known to whoever announces
    from domain.credit import rescores, rescoring
    from domain.credit.rescores import RescoreReason
    from infra import cache, database

    try:
        async with database.transaction() as db:
            begun = await rescoring.begin(db, RescoreReason.ASKED, ranges)
        step.note = f"of {begun.people:,} people, begun"
        if wait:
            return begun.id, await _watch(step, begun.id)
        async with database.reading() as db:
            return begun.id, await rescores.progress(db, begun.id)
    finally:
        await database.close_engine()
        await cache.close_valkey()


async def _watch(step: "Step", rescore_id: "UUID") -> "RescoreProgress":
    """Until it has ended, or nothing has moved for a while."""
    import asyncio
    import time

    from domain.credit import rescores
    from infra.database import reading

    moved_at, last = time.monotonic(), -1
    while True:
        async with reading() as db:
            now = await rescores.progress(db, rescore_id)
        step.at(now.done, now.people, f"{now.done:,} of {now.people:,}")
        step.note = _describe(now)
        if now.done + now.scored != last:
            moved_at, last = time.monotonic(), now.done + now.scored
        if now.state != "RUNNING" or time.monotonic() - moved_at > STILL_SECONDS_MAX:
            return now
        await asyncio.sleep(LOOK_SECONDS)


def _describe(now: "RescoreProgress") -> str:
    speed = f", {now.scored / now.cpu_seconds:,.0f} people a second of processor time" if now.cpu_seconds else ""
    unreadable = f", {now.unreadable:,} could not be read (see the worker's log)" if now.unreadable else ""
    ended = ", superseded by a newer one" if now.state == "SUPERSEDED" else ""
    return f"{now.scored:,} of {now.people:,} scored, {now.changed:,} changed{speed}{unreadable}{ended}"


def _figures(rescore_id: "UUID", now: "RescoreProgress") -> dict[str, object]:
    return {
        "rescore": str(rescore_id),
        "state": now.state.value,
        "people": now.people,
        "done": now.done,
        "scored": now.scored,
        "changed": now.changed,
        "unreadable": now.unreadable,
        "peoplePerCpuSecond": round(now.scored / now.cpu_seconds, 1) if now.cpu_seconds else None,
    }
