"""`longan demo`: the whole journey of a few invented people, as a client over HTTP and WebSocket, told as a story."""

from enum import StrEnum
from typing import Annotated

import typer


class Language(StrEnum):
    EN = "en"
    ZH = "zh"


def demo(
    url: Annotated[str | None, typer.Option(help="Where Longan runs; by default what runs here.")] = None,
    persona: Annotated[list[str] | None, typer.Option(help="Only this person; may be given again.")] = None,
    language: Annotated[Language, typer.Option(help="What people read, and what this story is told in.")] = Language.EN,
    year: Annotated[
        bool,
        typer.Option(
            "--year", help="Instead, six people's year of money and membership. The clock moves on fifteen months."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on standard output; the story goes to standard error.")
    ] = False,
) -> None:
    """Walk five invented people from a phone number to an answer, and a loan to its end, and tell it."""
    import asyncio

    from api.cli import lab
    from api.cli.address import local_address
    from api.cli.demo import figures
    from api.cli.demo.doors import Unreachable
    from api.cli.demo.telling import DemoTeller
    from api.cli.demo.tour import Interrupted, NoSuchPersona, tour
    from api.cli.demo.year.year import year as live_a_year
    from api.cli.demo.year.year_paper import YearPaper
    from infra import terminal

    address = (url or local_address()).rstrip("/")
    paper = terminal.console(stderr=True) if as_json else None
    try:
        if year:
            lived = asyncio.run(live_a_year(address, YearPaper(language.value, paper)))
            people = [figures.of_year(outcome) for outcome in lived]
        else:
            outcomes = asyncio.run(tour(address, DemoTeller(language.value, paper), only=persona or []))
            people = [figures.of(outcome) for outcome in outcomes]
    except (Unreachable, NoSuchPersona, Interrupted) as sentence:
        typer.echo(str(sentence), err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    if as_json:
        lab.write({"address": address, "people": people})
