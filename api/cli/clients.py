"""`longan clients`: the clients that partners' servers sign in with, and what proves them, and what they may do."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import proofs
from api.cli.proofs import NoClient
from api.cli.transacting import transact

if TYPE_CHECKING:
    from infra.database import Db

clients = typer.Typer(help="The clients that partners' servers sign in with.", no_args_is_help=True)
for command in (proofs.issue, proofs.secret, proofs.trust, proofs.distrust, proofs.allow, proofs.end, proofs.expiring):
    clients.command()(command)


@clients.command()
def test(code: Annotated[str, typer.Argument(help="The partner's code, as longan-demo-bank.")]) -> None:
    """Issue a partner's test client, or give it a new secret, which is shown once. It sees and makes test data only."""

    async def issue(db: "Db") -> tuple[str, str]:
        from domain.people import partners, worlds

        own = await worlds.test_partner(db, await proofs.find_partner(db, code))
        client_id = f"{own.code}-server"
        return client_id, await partners.issue_client(db, own, client_id)

    client_id, secret = transact(issue, NoClient)
    typer.echo(f"client  {client_id}")
    typer.echo(f"secret  {secret}")


@clients.command()
def redirects(
    client_id: Annotated[str, typer.Argument(help="The client.")],
    uris: Annotated[list[str] | None, typer.Argument(help="Addresses on its website, each to the letter.")] = None,
) -> None:
    """Say where people may be sent back to from the page of consent: these addresses instead of those before; none at all without."""

    async def register(db: "Db") -> None:
        from domain.people import redirects

        await redirects.register(db, await proofs.find_client(db, client_id), uris or [])

    transact(register, NoClient)
    for uri in uris or ["nowhere"]:
        typer.echo(uri)
