"""`longan listen` and `longan trigger`: the events of a partner's client on a developer's own machine."""

import asyncio
import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.hooks.trigger import USUAL_PARTNER, trigger

if TYPE_CHECKING:
    from pathlib import Path

    from infra.database import Db

__all__ = ["listen", "trigger"]

ClientId = Annotated[
    str | None,
    typer.Option(envvar="CLIENT_ID", help="The client; on the embedded default, a test client of the demo bank."),
]
ClientSecret = Annotated[str | None, typer.Option(envvar="CLIENT_SECRET", help="Its secret.")]


def _web_address(said: str | None) -> str | None:
    if said is not None and not re.fullmatch(r"https?://[^/\s]+(/\S*)?", said):
        raise typer.BadParameter(
            "an address begins with http:// or https:// and names a host, as http://127.0.0.1:3000"
        )
    return said


def listen(
    to: Annotated[
        str, typer.Option(help="Where each event is posted, as http://127.0.0.1:3000/longan.", callback=_web_address)
    ],
    address: Annotated[
        str | None, typer.Option(envvar="LONGAN", help="Where Longan answers.", callback=_web_address)
    ] = None,
    client_id: ClientId = None,
    client_secret: ClientSecret = None,
    once: Annotated[bool, typer.Option("--once", help="Bring what waits, and end.")] = False,
) -> None:
    """Bring a client's events to an address of your own, signed as a webhook's are; begun again, it goes on where it was."""
    from api.cli.address import local_address
    from api.cli.hooks.listening import AtHouse, CannotListen, listen_on

    house = AtHouse((address or local_address()).rstrip("/"), *_client(client_id, client_secret))
    try:
        asyncio.run(listen_on(house, to, once=once))
    except CannotListen as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        sys.exit(0)


def _client(client_id: str | None, secret: str | None) -> tuple[str, str]:
    from infra.settings import settings

    if client_id and secret:
        return client_id, secret
    if not settings().is_embedded:
        raise typer.BadParameter("name a client and its secret, as CLIENT_ID and CLIENT_SECRET in the environment")
    return _test_client(settings().var.resolve() / "listening" / "client")


def _test_client(file: "Path") -> tuple[str, str]:
    """One of the test partner that `longan trigger` tells by default, the same at every call."""
    import secrets

    from api.cli.proofs import NoClient, find_partner
    from api.cli.transacting import transact
    from infra import private_files

    private_files.write_once(file, secrets.token_urlsafe(32).encode())
    secret = file.read_text()

    async def let_in(db: "Db") -> str:
        from domain.people import partners, worlds

        own = await worlds.test_partner(db, await find_partner(db, USUAL_PARTNER))
        client_id = f"{own.code}-listener"
        await partners.issue_client(db, own, client_id, secret)
        return client_id

    return transact(let_in, NoClient), secret
