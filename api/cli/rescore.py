"""`longan rescore`: everybody scored anew by the worker, watched from here."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from api.story import Step
    from domain.credit.rescores import Progress

STILL_SECONDS_MAX = 60.0
LOOK_SECONDS = 0.5


def rescore(
    ranges: Annotated[int | None, typer.Option(min=1, help="Into how many ranges of people to divide it.")] = None,
    wait: Annotated[bool, typer.Option(help="Watch until it is done; otherwise only begin it.")] = True,
) -> None:
    """Score everybody anew whose score doesn't stand: other facts, expired facts, or another model."""
    import asyncio

    from api.cli import nearby
    from api.story import Told

    story = Told()
    with nearby.servers():
        with story.step("Rescore") as step:
            done = asyncio.run(_begin_and_watch(step, ranges, wait))
        if not done and wait:
            story.failed("Rescore", "no worker takes it up; it goes on by itself when one runs: make run")
            raise typer.Exit(1)


async def _begin_and_watch(step: "Step", ranges: int | None, wait: bool) -> bool:
    from api import wiring  # noqa: F401  every reaction must be known to whoever announces
    from domain.credit import rescoring
    from domain.credit.rescores import RescoreReason
    from infra import cache, database

    try:
        async with database.transaction() as db:
            begun = await rescoring.begin(db, RescoreReason.ASKED, ranges)
        step.note = f"of {begun.people:,} people, begun"
        return await _watch(step, begun.id) if wait else False
    finally:
        await database.close_engine()
        await cache.close_valkey()


async def _watch(step: "Step", rescore_id: "object") -> bool:
    import asyncio
    import time

    from domain.credit import rescores
    from domain.credit.rescores import RescoreState
    from infra.database import reading

    moved_at, last = time.monotonic(), -1
    while time.monotonic() - moved_at < STILL_SECONDS_MAX:
        async with reading() as db:
            now = await rescores.progress(db, rescore_id)  # type: ignore[arg-type]
        step.at(now.done, now.people, f"{now.done:,} of {now.people:,}")
        step.note = _told(now)
        if now.state != RescoreState.RUNNING:
            return True
        if now.done + now.scored != last:
            moved_at, last = time.monotonic(), now.done + now.scored
        await asyncio.sleep(LOOK_SECONDS)
    return False


def _told(now: "Progress") -> str:
    speed = f", {now.scored / now.cpu_seconds:,.0f} people a second of processor time" if now.cpu_seconds else ""
    unreadable = f", {now.unreadable:,} could not be read (see the worker's log)" if now.unreadable else ""
    ended = ", superseded by a newer one" if now.state == "SUPERSEDED" else ""
    return f"{now.scored:,} of {now.people:,} scored, {now.changed:,} changed{speed}{unreadable}{ended}"
