"""`longan schema`: writes down what the three doors serve, and the codes that they answer with."""

from typing import Annotated

import typer


def schema(
    release: Annotated[
        bool,
        typer.Option(
            "--release", help="Also as released: from then on nothing of it goes that was not deprecated first."
        ),
    ] = False,
) -> None:
    """Write the served schemas and the partners' changelog to api/contract, and the pages api/codes.md and api/states.md, for review."""
    from api import codes, contract, states
    from api.partner.guide import changes

    for file, text in contract.served():
        file.write_text(text, "utf-8")
        if release:
            contract.released(file.stem).write_text(text, "utf-8")
        if file.stem == changes.AUDIENCE:
            changes.FILE.write_text(changes.brought_up(changes.FILE.read_text("utf-8"), text), "utf-8")
    codes.FILE.write_text(codes.page(), "utf-8")
    states.FILE.write_text(states.page(), "utf-8")
