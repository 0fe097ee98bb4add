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
    from infra import terminal

    address = (url or local_address()).rstrip("/")
    try:
        tell = DemoTeller(language.value, terminal.console(stderr=True) if as_json else None)
        outcomes = asyncio.run(tour(address, tell, only=persona or []))
    except (Unreachable, NoSuchPersona, Interrupted) as sentence:
        typer.echo(str(sentence), err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    if as_json:
        lab.write({"address": address, "people": [figures.of(outcome) for outcome in outcomes]})
