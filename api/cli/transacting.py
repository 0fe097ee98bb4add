"""A command that is one transaction."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from infra.database import Db

T = TypeVar("T")


def transact(work: "Callable[[Db], Awaitable[T]]", *refused: type[Exception]) -> T:
    """Do this on the servers at hand. What is refused, by one of these too, is said, with exit code 1, and nothing is written."""
    from api.cli import nearby
    from infra import database
    from infra.errors import Refusal
    from infra.words import say

    async def run() -> T:
        async with database.transaction() as db:
            return await work(db)

    try:
        with nearby.servers():
            return nearby.run(run())
    except Refusal as refusal:
        why = say(refusal.message, "en", **refusal.values)
    except refused as wrong:
        why = f"Not done: {wrong}."
    typer.echo(why, err=True)
    raise typer.Exit(1)
