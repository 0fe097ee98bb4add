"""`longan staff`: who may sign in at the console, or at a partner's pages, and their proofs."""

import asyncio
import re
from typing import Annotated

import typer

from domain.actors import Role

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
    from api.cli import nearby

    if (role is None) == (partner is None):
        raise typer.BadParameter("name a role, or the partner that they work for")
    with nearby.servers():
        proofs = asyncio.run(_appoint(email, name, role, partner))
    if proofs is None:
        typer.echo("No partner has this code.", err=True)
        raise typer.Exit(1)
    password, secret = proofs
    import pyotp

    typer.echo(f"password     {password}")
    typer.echo(f"TOTP secret  {secret}")
    typer.echo(f"for an app   {pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name='Longan')}")


async def _appoint(email: str, name: str, role: Role | None, code: str | None) -> tuple[str, str] | None:
    import secrets

    import pyotp

    from domain.people import partners, staffing
    from infra import database

    password, secret = secrets.token_urlsafe(18), pyotp.random_base32()
    async with database.transaction() as db:
        partner = await partners.find_by_code(db, code) if code else None
        who = {"email": email, "name": name, "password": password, "totp_secret": secret}
        if partner:
            await staffing.appoint_at(db, partner, **who)
        elif role:
            await staffing.appoint(db, role=role, **who)
    await database.close_engine()
    return (password, secret) if role or partner else None


@staff.command()
def dismiss(email: Annotated[str, typer.Argument(help="The address that they sign in with.")]) -> None:
    """Let somebody in no longer, and end at once what they have open. What they did stays under their name."""
    from api.cli import nearby

    with nearby.servers():
        was_here = asyncio.run(_dismiss(email))
    if not was_here:
        typer.echo("Nobody with this address works here.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{email} is dismissed")


async def _dismiss(email: str) -> bool:
    from domain.people import staffing
    from infra import database

    async with database.transaction() as db:
        member = await staffing.dismiss(db, email)
    await database.close_engine()
    return member is not None
