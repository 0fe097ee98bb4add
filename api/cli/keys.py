"""`longan keys`: new keys, and wrapping what the old ones wrapped."""

import asyncio
import base64
import secrets
from collections.abc import Callable

import typer

keys = typer.Typer(help="The keys that seal personal data: make new ones, rotate old ones.", no_args_is_help=True)


@keys.command()
def new() -> None:
    """Print a fresh key, for LONGAN_MASTER_KEYS, LONGAN_INDEX_KEY or LONGAN_TOKEN_KEY."""
    typer.echo(base64.b64encode(secrets.token_bytes(32)).decode())


@keys.command()
def rewrap() -> None:
    """Wrap every person's key under the newest master key. May be stopped and run again; then the old key can go."""
    from api.cli import nearby
    from api.story import Told

    with nearby.servers(), Told().step("Keys") as step:
        wrapped = asyncio.run(_rewrap_all(step.at))
        step.note = f"{wrapped} wrapped under the newest key"


async def _rewrap_all(at: Callable[[float, float], None]) -> int:
    from infra import database, vault

    async with database.transaction() as db:
        total = await vault.count_old(db)
    done = 0
    while True:
        async with database.transaction() as db:
            wrapped = await vault.rewrap(db)
        if not wrapped:
            break
        done += wrapped
        at(done, total)
    await database.close_engine()
    return done
