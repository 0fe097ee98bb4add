"""`longan audit`: the whole log of evidence, walked against its signed heads."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from domain.evidence.auditing import Audit
    from domain.evidence.checkpoints import Checkpoint

FAULTS_SHOWN = 50


def audit(
    heads: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Heads kept out of the database's reach; else the folder of the settings.",
        ),
    ] = None,
    key: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="A public key that signed some, beside the one that signs here; may be given again.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find whatever was changed, deleted, moved or cut off in the log of evidence. Exit code 1 where anything was."""
    from api.cli import lab, nearby
    from domain.evidence import checkpoints, keeping

    with nearby.servers():
        pems = [checkpoints.public_pem(), *(path.read_bytes() for path in key or [])]
        try:
            kept = list(keeping.read_heads(heads or keeping.folder(), *map(checkpoints.read_pem, pems)))
        except checkpoints.NotSigned as wrong:
            typer.echo(f"A head does not hold: {wrong}.", err=True)
            raise typer.Exit(1) from None
        found = nearby.run(_audit(kept))
    if as_json:
        lab.write(_figures(found))
    else:
        _show(found, len(kept))
    if found.faults:
        raise typer.Exit(1)


async def _audit(heads: "list[Checkpoint]") -> "Audit":
    from api import wiring  # noqa: F401  all tables must be known
    from api.cli import lab
    from domain.evidence import auditing
    from infra import database

    with lab.counting("Walking the log") as report:
        async with database.reading() as db:
            return await auditing.audit(db, heads, report)


def _figures(found: "Audit") -> dict[str, object]:
    faults = [{"first": fault.first, "last": fault.last, "what": fault.what, "id": fault.id} for fault in found.faults]
    return {"size": found.size, "opened": found.opened, "heads": found.heads, "held": found.held, "faults": faults}


def _show(found: "Audit", heads: int) -> None:
    for fault in found.faults[:FAULTS_SHOWN]:
        typer.echo(str(fault), err=True)
    if len(found.faults) > FAULTS_SHOWN:
        typer.echo(f"... and {len(found.faults) - FAULTS_SHOWN:,} more; --json tells all.", err=True)
    young = found.size - found.held
    typer.echo(
        f"{found.size:,} pieces of evidence, {found.opened:,} of them opened; {found.heads:,} of {heads:,} heads hold;"
        f" {young:,} are younger than the last head that holds, and not protected yet. {len(found.faults):,} faults."
    )
