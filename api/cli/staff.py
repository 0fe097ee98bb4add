"""`longan staff`: who may sign in at the console, and their proofs."""

import asyncio
import re
from typing import Annotated

import typer

from domain.actors import Role

staff = typer.Typer(help="Members of staff: let somebody sign in at the console, or no longer.", no_args_is_help=True)


def _address(said: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", said):
        raise typer.BadParameter("an address is a name, an @ and a host, as night.shift@example.com")
    return said


@staff.command()
def appoint(
    email: Annotated[str, typer.Argument(help="The address to sign in with.", callback=_address)],
    name: Annotated[str, typer.Option(help="What colleagues call this person.")],
    role: Annotated[Role, typer.Option(help="What the person may do.")],
) -> None:
    """Let somebody sign in at the console, or give them new proofs. The password and the TOTP secret are shown once."""
    from api.cli import nearby

    with nearby.servers():
        password, secret = asyncio.run(_appoint(email, name, role))
    import pyotp

    typer.echo(f"password     {password}")
    typer.echo(f"TOTP secret  {secret}")
    typer.echo(f"for an app   {pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name='Longan')}")


async def _appoint(email: str, name: str, role: Role) -> tuple[str, str]:
    import secrets

    import pyotp

    from domain.people import staffing
    from infra import database

    password, secret = secrets.token_urlsafe(18), pyotp.random_base32()
    async with database.transaction() as db:
        await staffing.appoint(db, email=email, name=name, role=role, password=password, totp_secret=secret)
    await database.close_engine()
    return password, secret


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
