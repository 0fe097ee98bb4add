"""`longan invent`: the past of invented people that the embedded default begins with, made or gone on with."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from api.dev.past.making import Report
    from domain.people.invented import PastStanding


def invent(
    people: Annotated[int | None, typer.Option(min=1, max=9_999, help="Instead of LONGAN_INVENTED_PEOPLE.")] = None,
    count: Annotated[bool | None, typer.Option("--count/--leave-out", help="In every count; or in none.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give the house a past of invented people, so that charts have something to show. Goes on where it was broken off."""
    from rich.console import Console

    from api.cli import lab, nearby
    from api.story import ConsoleStory
    from infra.settings import settings

    if not settings().is_embedded:
        typer.echo("People are invented on the embedded default only; nothing was done.", err=True)
        raise typer.Exit(1)
    story = ConsoleStory(Console(stderr=True, highlight=False) if as_json else None)
    with nearby.servers(), story.step("Invented people") as step:

        def report(made: int, of: int) -> None:
            step.at(made, of, f"{made:,} of {of:,}")

        done = nearby.run(_make(people or settings().invented_people, count, report))
        step.note = f"{done.made:,}, {'counted' if done.is_counted else 'left out of every count'}"
    if as_json:
        lab.write({"made": done.made, "people": done.people, "isWhole": done.is_whole, "isCounted": done.is_counted})


async def _make(people: int, count: bool | None, report: "Report") -> "PastStanding":
    from api.dev.past import making
    from domain.people import invented
    from infra import database
    from infra.settings import settings

    await making.make(people, settings().invented_seed, report)
    if count is not None:
        await making.take_in(count)
    async with database.reading() as db:
        standing = await invented.standing(db)
    assert standing is not None, "it was just made"
    return standing
