"""`longan money`: schedules and rates of anybody's loans, worked out by the functions that agreements use. Needs no database."""

from pathlib import Path
from typing import Annotated

import typer

money = typer.Typer(help="Hold the arithmetic of money against anybody's figures.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="JSON: a list of records, or an object that holds one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON list and nothing else.")]


@money.command()
def schedule(file: File, as_json: AsJson = False) -> None:
    """Print what is due when, after all that happened. Exit code 2 where a record is refused."""
    from api.cli.money import schedules, showing

    showing.show(file, schedules.answer, as_json)


@money.command()
def rate(file: File, as_json: AsJson = False) -> None:
    """Print the annual rates, rates of return and level payments that are asked for. Exit code 2 where a record is refused."""
    from api.cli.money import rates, showing

    showing.show(file, rates.answer, as_json)
