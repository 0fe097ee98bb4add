"""Who gives a command: proven at the prompt as at the console, since an address alone proves nobody."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from domain.actors import StaffActor

HERE = "the command line"  # as a place to sign in from, it is one place for everybody


async def prove(email: str) -> "StaffActor":
    """Asks for password and code. Exits with a sentence where they are wrong; no session stays open."""
    from domain.people import staff_sessions, staff_signing_in
    from infra.database import transaction
    from infra.errors import Refusal

    password = typer.prompt(f"Password of {email}", hide_input=True, err=True)
    code = typer.prompt("Code of the authenticator app", err=True)
    try:
        session = await staff_signing_in.sign_in(email=email, password=password, code=code, ip=HERE)
    except Refusal as refusal:
        typer.echo(refusal.message, err=True)
        raise typer.Exit(1) from None
    found = await staff_sessions.find_member(session.token)
    async with transaction() as db:
        await staff_sessions.end(db, session.token)
    assert found is not None, "they have just signed in"
    return found.actor
