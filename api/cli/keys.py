"""`longan keys`: new keys, wrapping what the old ones wrapped, and the keys that sign tokens."""

import base64
import secrets
from collections.abc import Callable

import typer

from api.cli.signing import tokens

keys = typer.Typer(help="The keys that seal and sign: make new ones, rotate old ones.", no_args_is_help=True)
keys.add_typer(tokens, name="tokens")


@keys.command()
def new() -> None:
    """Print a fresh key, for LONGAN_MASTER_KEYS, LONGAN_INDEX_KEY or LONGAN_TOKEN_KEY."""
    typer.echo(base64.b64encode(secrets.token_bytes(32)).decode())


@keys.command()
def rewrap() -> None:
    """Wrap every person's key under the one that seals, and look whether any other is still in use. Exit code 1 where one is.

    May be stopped and run again.
    """
    from api.cli import nearby
    from api.story import ConsoleStory
    from infra.keys import keyring

    with nearby.servers(), ConsoleStory().step("Keys") as step:
        wrapped, left = nearby.run(_rewrap_all(step.at))
        step.note = f"{wrapped} wrapped under key {keyring().sealing}"
    if left:
        typer.echo(_still_needed(left, keyring().sealing), err=True)
        raise typer.Exit(1)
    typer.echo(f"Everything is wrapped under key {keyring().sealing}; no other is needed any more.")


def _still_needed(left: dict[int, int], sealing: int) -> str:
    told = ", ".join(f"{people} under key {version}" for version, people in left.items())
    return (
        f"Not done: {told}. Keep these keys. Where a machine still seals with one of them, start it again with "
        f"LONGAN_SEALING_KEY={sealing}; where this one does not know a key, give it to it; then run this again."
    )


async def _rewrap_all(at: Callable[[float, float], None]) -> tuple[int, dict[int, int]]:
    """How many were wrapped, and what an older key still wraps when all is done: somebody may seal with it meanwhile."""
    from infra import database, vault

    async with database.reading() as db:
        total = sum((await vault.count_old(db)).values())
    done = 0
    while wrapped := await _rewrap_some():
        done += wrapped
        at(min(done, total), total)
    async with database.reading() as db:
        return done, await vault.count_old(db)


async def _rewrap_some() -> int:
    from infra import database, vault

    async with database.transaction() as db:
        return await vault.rewrap(db)
