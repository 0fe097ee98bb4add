"""`longan staff`: who may sign in at the console, or at a partner's pages, and their proofs."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.proofs import NoClient, find_partner
from api.cli.transacting import transact
from domain.actors import Role

if TYPE_CHECKING:
    from infra.database import Db

staff = typer.Typer(
    help="Members of staff, ours and partners': let somebody sign in, or no longer.", no_args_is_help=True
)


def _address(said: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", said):
        raise typer.BadParameter("an address is a name, an @ and a host, as night.shift@example.com")
    return said


@staff.command()
def appoint(
    email: Annotated[str, typer.Argument(help="The address to sign in with.", callback=_address)],
    name: Annotated[str, typer.Option(help="What colleagues call this person.")],
    role: Annotated[Role | None, typer.Option(help="What the person may do at the console.")] = None,
    partner: Annotated[
        str | None, typer.Option(help="The code of the partner they work for, whose pages at /partner they may see.")
    ] = None,
) -> None:
    """Let somebody sign in at the console or a partner's pages, or give them new proofs, which are shown once."""
    if (role is None) == (partner is None):
        raise typer.BadParameter("name a role, or the partner that they work for")
    password, secret = transact(lambda db: _appoint(db, email, name, role, partner), NoClient)
    import pyotp

    typer.echo(f"password     {password}")
    typer.echo(f"TOTP secret  {secret}")
    typer.echo(f"for an app   {pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name='Longan')}")


async def _appoint(db: "Db", email: str, name: str, role: Role | None, code: str | None) -> tuple[str, str]:
    import secrets

    import pyotp

    from domain.people import staffing

    password, secret = secrets.token_urlsafe(18), pyotp.random_base32()
    who = {"email": email, "name": name, "password": password, "totp_secret": secret}
    if code:
        await staffing.appoint_at(db, await find_partner(db, code), **who)
    elif role:
        await staffing.appoint(db, role=role, **who)
    return password, secret


@staff.command()
def dismiss(email: Annotated[str, typer.Argument(help="The address that they sign in with.")]) -> None:
    """Let somebody in no longer, and end at once what they have open. What they did stays under their name."""
    from domain.people import staffing

    if transact(lambda db: staffing.dismiss(db, email)) is None:
        typer.echo("Nobody with this address works here.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{email} is dismissed")
