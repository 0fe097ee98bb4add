"""`longan keys tokens`: the keys that sign partners' tokens, the next one, and taking one back."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import AsJson
from api.cli.transacting import transact

if TYPE_CHECKING:
    from datetime import datetime

    from domain.people.signing_keys import SigningKey
    from infra.database import Db

Kid = Annotated[str, typer.Argument(help="The key, as the list names it.")]

tokens = typer.Typer(help="The keys that sign partners' tokens: list them, publish the next, take one back.")


@tokens.callback(invoke_without_command=True)
def listed(context: typer.Context, as_json: AsJson = False) -> None:
    """List the keys that sign, will sign, or signed tokens that may be good. A worker rotates them by itself every 90 days."""
    if context.invoked_subcommand is not None:
        return
    from api.cli import lab

    now, keys = transact(_look)
    if as_json:
        lab.write({"keys": [_figures(key, now) for key in keys]})
    else:
        _show(keys, now)


@tokens.command()
def rotate(as_json: AsJson = False) -> None:
    """Publish the next key, which signs from tomorrow. Exit code 1 where one is published already."""
    from api.cli import lab
    from domain.people import signing_keys

    key = transact(signing_keys.rotate, signing_keys.NotRotated)
    if as_json:
        lab.write(_figures(key, key.made_at))
        return
    typer.echo(f"Key {key.id} is published, and signs from {key.signs_from:%Y-%m-%d %H:%M} UTC.")


@tokens.command()
def retire(
    kid: Kid,
    known_to_others: Annotated[
        bool,
        typer.Option("--known-to-others", help="Somebody else may know it: end its tokens now, and let another sign."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Forget a key. Exit code 1 where a token that it signed may still be good, unless somebody else may know it."""
    from api.cli import lab
    from domain.people import signing_keys

    end = signing_keys.repudiate if known_to_others else signing_keys.retire
    transact(lambda db: end(db, kid), signing_keys.NotRotated)
    if as_json:
        lab.write({"retired": kid})
        return
    typer.echo(f"Key {kid} is forgotten, and every token that it signed is over.")


async def _look(db: "Db") -> "tuple[datetime, list[SigningKey]]":
    from domain.people import signing_keys
    from infra import clock

    return await clock.now(db), await signing_keys.all_of(db)


def _figures(key: "SigningKey", now: "datetime") -> dict[str, Any]:
    until = key.verifies_until
    return {
        "id": key.id,
        "state": _state_of(key, now),
        "signsFrom": key.signs_from.isoformat(),
        "verifiesUntil": until.isoformat() if until else None,
    }


def _state_of(key: "SigningKey", now: "datetime") -> str:
    from domain.people.signing_keys import TOKEN_LASTS_MAX

    if key.signs_from > now:
        return "published"
    if key.verifies_until is None or key.verifies_until - TOKEN_LASTS_MAX > now:
        return "signs"
    return "over" if key.is_dead(now) else "verifies"


def _show(keys: "list[SigningKey]", now: "datetime") -> None:
    from infra import terminal

    table = terminal.Listing("Key", "State", "Signs from", "Verifies until")
    for key in keys:
        until = f"{key.verifies_until:%Y-%m-%d %H:%M}" if key.verifies_until else ""
        table.add_row(key.id, _state_of(key, now), f"{key.signs_from:%Y-%m-%d %H:%M}", until)
    terminal.console().print(table)
