"""`longan verify`: one bundle of evidence, checked without any server or database."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from domain.evidence.bundles import Proved

KeyFile = Annotated[
    Path,
    typer.Option("--key", exists=True, dir_okay=False, help="The log's public key, from /.well-known/evidence-key."),
]


def verify(
    bundle: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="As the app's proofUrl gives it.")],
    key: KeyFile,
    as_json: AsJson = False,
) -> None:
    """Check that a piece of evidence stands in the signed log, and show it. Exit code 1 unless it does."""
    from domain.evidence import bundles, checkpoints

    try:
        public = checkpoints.read_pem(key.read_bytes())
        proved = bundles.verify(bundle.read_bytes(), public)
    except (bundles.NotProved, checkpoints.NotSigned) as wrong:
        typer.echo(f"Not proved. {wrong}", err=True)
        raise typer.Exit(1) from None
    if as_json:
        import orjson

        said = {"kind": proved.kind, "at": proved.at, "content": proved.content, "position": proved.position}
        head = {"origin": proved.head.origin, "size": proved.head.size, "signedAt": proved.head.at}
        typer.echo(orjson.dumps({**said, "head": head}).decode())
        return
    _show(proved)


def _show(proved: "Proved") -> None:
    from infra import terminal

    table = terminal.Listing("", "", prose=("",))
    for name, value in proved.content.items():
        table.add_row(name, "" if value is None else str(value))
    console = terminal.console()
    console.print(table)
    head = proved.head
    console.print(
        f"Proved: {proved.kind} of {proved.at:%Y-%m-%d %H:%M:%S} stands at position {proved.position} of the log"
        f" {head.origin}, which was signed over {head.size} on {head.at:%Y-%m-%d %H:%M:%S} (UTC).",
        soft_wrap=True,
    )
