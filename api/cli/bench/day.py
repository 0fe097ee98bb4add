"""`longan bench day`: how long a day takes through many agreements, of which it touches those that it comes to."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from api.cli.bench.book import DayPace
    from api.story import ConsoleStory


def day(
    agreements: Annotated[int, typer.Option(min=100, help="Agreements of the book.")] = 100_000,
    days: Annotated[int, typer.Option(min=1, help="How many days pass, one after the other.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Let days pass through loans in a scratch database, in one process: touched a second, and a million's day."""
    import asyncio

    from api.cli import lab
    from api.cli.bench import figures, scratch
    from api.story import ConsoleStory
    from infra import terminal

    with scratch.servers_alone():
        story = ConsoleStory(terminal.console(stderr=True) if as_json else None)
        measured = asyncio.run(_measure(story, agreements, days))
    if as_json:
        lab.write(figures.figures_of(measured))
        return
    for line in _sentences(measured):
        typer.echo(f"  {line}")


async def _measure(story: "ConsoleStory", agreements: int, days: int) -> "DayPace":
    from api.cli.bench import book, multiplying
    from infra import cache, database
    from infra.settings import settings

    try:
        with story.step("Loans") as step:
            people = await book.seed()
            await multiplying.multiply(settings().database_url or "", people, agreements - len(people), step)
            step.note = f"{agreements:,}, of which some are due on each day of the month"
        with story.step("Days"):
            return await book.passed(agreements, days)
    finally:
        await database.close_engine()
        await cache.close_valkey()


def _sentences(measured: "DayPace") -> list[str]:
    return [
        f"{measured.touched:,} of {measured.agreements:,} agreements touched by {measured.days} days in {measured.seconds:.1f} s, "
        f"{measured.touched / measured.seconds:,.0f} a second ({measured.cpu_seconds:.1f} s of this process)",
        f"a day of a million such agreements: {measured.million_minutes:.1f} min in one process at work all the time",
        f"{measured.breaks} of them stand otherwise than the ledger says",
    ]
