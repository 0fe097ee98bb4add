"""`longan reset`: back to the first day."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

# What a run leaves under `var`. Nothing else there is ours to delete.
DATA = (
    "postgres",
    "postgres.before",
    "postgres-*",
    "valkey",
    "log",
    "run",
    "keys.json",
    "dev-credentials*",
    "prepared",
    "invented.json",
)
MODELS = ("models", "reports")


def reset(
    models: Annotated[bool, typer.Option("--models", help="The models too; the next start trains them again.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask again.")] = False,
) -> None:
    """Delete all that the embedded default has kept: people, applications, keys, logs. Asks before it does."""
    from infra.running.instance_lock import Occupied, occupy
    from infra.settings import settings

    if not settings().is_embedded:
        raise _sorry("This is for the embedded default only; nothing was deleted.")
    var = settings().var.resolve()
    if not (doomed := list(_there(var, models=models))):
        typer.echo(f"There is nothing to delete in {var}.")
        return
    try:
        with occupy(var, "a reset"):
            if not yes:
                typer.echo(f"In {var}: {', '.join(path.name for path in doomed)}")
                typer.confirm("Delete all of it, for good?", abort=True)
            _delete(var, doomed)
    except Occupied as occupied:
        raise _sorry(f"Longan runs here: {occupied}. Stop it with Ctrl-C first; nothing was deleted.") from None
    typer.echo("Deleted. The next start begins on an empty house: make run")


def _there(var: Path, *, models: bool) -> Iterator[Path]:
    for name in (*DATA, *(MODELS if models else ())):
        yield from sorted(var.glob(name))


def _delete(var: Path, doomed: list[Path]) -> None:
    import shutil

    from infra import embedded

    postgres = embedded.at(var).postgres if (var / "postgres").exists() else None
    if postgres:
        postgres.end_leftovers()
    for path in doomed:
        if path.is_symlink():
            # Data that was lent to another account lies elsewhere.
            shutil.rmtree(path.resolve(), ignore_errors=True)
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    if postgres:
        postgres.tidy()


def _sorry(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(1)
