"""`longan dev ...`: what drives the embedded default without a person."""

import sys

import typer

dev = typer.Typer(no_args_is_help=True, help="For the embedded default only: ready credentials.")


@dev.command()
def credentials() -> None:
    """Print a partner's client and a member of staff in each role as JSON, the same at every call."""
    import orjson
    from sqlalchemy.exc import ProgrammingError

    from api.cli import nearby
    from api.cli.address import address_of
    from api.dev.credentials import NotSeeded, ready
    from infra.settings import settings

    if not settings().is_embedded:
        raise _sorry("These credentials are for the embedded default only.")

    var = settings().var.resolve()
    with nearby.servers():
        try:
            found = nearby.run(ready())
        except (NotSeeded, ProgrammingError):  # no partner, or not even a table for one
            raise _sorry("There are no partners yet. Start Longan first: make run") from None
    told = {"url": address_of(var) or settings().public_url, **found.as_json()}
    sys.stdout.write(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n")


def _sorry(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(1)
