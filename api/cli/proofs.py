"""`longan clients`: issuing them, what proves them, and what they may do."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import AsJson
from api.cli.transacting import transact
from domain.permissions import Scope

if TYPE_CHECKING:
    from domain.people.expiring import ExpiringProof
    from domain.people.partners import Partner, PartnerClient
    from infra.database import Db

Id = Annotated[str, typer.Argument(help="The client's id.")]
Days = Annotated[int, typer.Option(min=1, max=730, help="For how many days it proves the client.")]
Scopes = Annotated[list[Scope], typer.Argument(help="All that it may do from now on.")]


class NoClient(Exception):
    """Raised for a client or a partner that is not there."""


def expiring(as_json: AsJson = False) -> None:
    """List secrets and keys that are over within 30 days. Exit code 1 where there is any."""
    from api.cli import lab
    from domain.people.expiring import soon

    found = transact(soon)
    if as_json:
        lab.write({"expiring": [_figures(each) for each in found]})
    else:
        for each in found:
            typer.echo(
                f"{each.expires_at:%Y-%m-%d}  {each.client_id}  {each.kind.value.lower()} {each.name or ''}".rstrip()
            )
        typer.echo("" if found else "Nothing is over within 30 days.\n", nl=False)
    if found:
        raise typer.Exit(1)


def issue(partner: Annotated[str, typer.Argument(help="The partner's code.")], client_id: Id, scopes: Scopes) -> None:
    """Make a client of a partner's. Its secret is shown once."""

    async def make(db: "Db") -> str:
        from domain.people import partners
        from domain.people.partners import PartnerClient

        owner = await find_partner(db, partner)
        if await db.get(PartnerClient, client_id) is not None:
            raise NoClient(f"there is a client {client_id} already: give it another secret, or other scopes")
        secret = await partners.issue_client(db, owner, client_id)
        (await db.get_one(PartnerClient, client_id)).scopes = sorted(set(scopes))
        return secret

    typer.echo(transact(make, NoClient))


def secret(
    client_id: Id,
    overlap: Annotated[int, typer.Option(min=0, max=90, help="For how many days the old secret is right too.")] = 7,
    days: Days = 365,
) -> None:
    """Give a client a new secret, shown once. Exit code 1 while two are right already."""
    from domain.people.partners import SecretsOverlap

    async def rotate(db: "Db") -> str:
        from domain.people import partners
        from infra import clock

        client, ends = await find_client(db, client_id), await clock.now(db) + timedelta(days=days)
        return await partners.rotate_secret(db, client, overlap=timedelta(days=overlap), expires_at=ends)

    typer.echo(transact(rotate, NoClient, SecretsOverlap))


def allow(client_id: Id, scopes: Scopes) -> None:
    """Let a client do this and nothing else; tokens that it has do no more from the next request on."""

    async def change(db: "Db") -> None:
        (await find_client(db, client_id)).scopes = sorted(set(scopes))

    transact(change, NoClient)
    typer.echo(f"{client_id} may: {' '.join(sorted(set(scopes)))}")


def end(client_id: Id) -> None:
    """Know a client no more: its secret and keys prove nothing, and its tokens open nothing, from the next request on."""

    async def forget(db: "Db") -> None:
        from domain.people import partners

        await partners.end_client(db, await find_client(db, client_id))

    transact(forget, NoClient)
    typer.echo(f"{client_id} is no client any more")


def trust(
    client_id: Id,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Its public key, as a JWK.")],
    days: Days = 365,
) -> None:
    """Take a client's public key, by which it proves itself (private_key_jwt) beside its secret."""
    import json

    from domain.people.client_keys import NoClientKey

    async def register(db: "Db") -> str:
        from domain.people import client_keys
        from infra import clock

        try:
            jwk = json.loads(file.read_bytes())
        except ValueError:
            raise NoClientKey("this is no JSON") from None
        client, ends = await find_client(db, client_id), await clock.now(db) + timedelta(days=days)
        return (await client_keys.register(db, client, jwk if isinstance(jwk, dict) else {}, ends)).id

    typer.echo(f"{client_id} is proven by key {transact(register, NoClient, NoClientKey)}")


def distrust(client_id: Id, kid: Annotated[str, typer.Argument(help="The key, as it was named.")]) -> None:
    """Take a client's key back: it proves nothing any more."""

    async def forget(db: "Db") -> None:
        from domain.people import client_keys

        if not await client_keys.forget(db, client_id, kid):
            raise NoClient(f"there is no key {kid} of {client_id}")

    transact(forget, NoClient)
    typer.echo(f"{client_id} is proven by key {kid} no more")


async def find_partner(db: "Db", code: str) -> "Partner":
    from domain.people import partners

    found = await partners.find_by_code(db, code)
    if found is None:
        raise NoClient(f"there is no partner {code}")
    return found


async def find_client(db: "Db", client_id: str) -> "PartnerClient":
    from domain.people.partners import PartnerClient

    client = await db.get(PartnerClient, client_id)
    if client is None:
        raise NoClient(f"there is no client {client_id}")
    return client


def _figures(each: "ExpiringProof") -> dict[str, Any]:
    return {
        "clientId": each.client_id,
        "kind": each.kind.value,
        "key": each.name,
        "expiresAt": each.expires_at.isoformat(),
    }
