"""`longan clients`: the clients that partners' servers sign in with, and what proves them, and what they may do."""

import asyncio
from typing import Annotated

import typer

from api.cli import proofs

clients = typer.Typer(help="The clients that partners' servers sign in with.", no_args_is_help=True)
for command in (proofs.issue, proofs.secret, proofs.trust, proofs.distrust, proofs.allow, proofs.expiring):
    clients.command()(command)


@clients.command()
def test(code: Annotated[str, typer.Argument(help="The partner's code, as longan-demo-bank.")]) -> None:
    """Issue a partner's test client, or give it a new secret, which is shown once. It sees and makes test data only."""
    from api.cli import nearby

    with nearby.servers():
        issued = asyncio.run(_issue_test(code))
    if issued is None:
        typer.echo("There is no partner with this code.", err=True)
        raise typer.Exit(1)
    client_id, secret = issued
    typer.echo(f"client  {client_id}")
    typer.echo(f"secret  {secret}")


async def _issue_test(code: str) -> tuple[str, str] | None:
    from sqlalchemy import select

    from domain.people import partners, worlds
    from domain.people.partners import Partner
    from infra import database

    try:
        async with database.transaction() as db:
            named = (await db.execute(select(Partner).where(Partner.code == code))).scalar_one_or_none()
            if named is None:
                return None
            own = await worlds.test_partner(db, named)
            client_id = f"{own.code}-server"
            return client_id, await partners.issue_client(db, own, client_id)
    finally:
        await database.close_engine()


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
