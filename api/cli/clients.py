"""`longan clients`: what a partner's client may do on its own website."""

import asyncio
from typing import Annotated

import typer

clients = typer.Typer(help="The clients that partners' servers sign in with.", no_args_is_help=True)


@clients.callback()
def _of_clients() -> None:
    """A command of its own, also while it is the only one."""


@clients.command()
def redirects(
    client_id: Annotated[str, typer.Argument(help="The client.")],
    uris: Annotated[list[str] | None, typer.Argument(help="Addresses on its website, each to the letter.")] = None,
) -> None:
    """Say where people may be sent back to from the page of consent: these addresses instead of those before; none at all without."""
    from api.cli import nearby

    with nearby.servers():
        wrong = asyncio.run(_register(client_id, uris or []))
    if wrong is not None:
        typer.echo(wrong, err=True)
        raise typer.Exit(1)
    for uri in uris or ["nowhere"]:
        typer.echo(uri)


async def _register(client_id: str, uris: list[str]) -> str | None:
    """Why not; None once it is done."""
    from domain.people import redirects
    from domain.people.partners import PartnerClient
    from infra import database
    from infra.errors import Refusal
    from infra.words import say

    try:
        async with database.transaction() as db:
            client = await db.get(PartnerClient, client_id)
            if client is None:
                return "There is no such client."
            await redirects.register(db, client, uris)
            return None
    except Refusal as refusal:
        return say(refusal.message, "en", **refusal.values)
    finally:
        await database.close_engine()
