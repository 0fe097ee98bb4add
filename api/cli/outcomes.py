"""`longan outcomes`: the loans that were lived here, as a book that `longan train` reads."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ml.books.lived import LivedLoan


def outcomes(
    book: Annotated[
        Path, typer.Argument(help="Where to: a .csv; how it is described is written beside it, as a .toml.")
    ],
) -> None:
    """Write what was known of each person when they were scored, and how their loan went, here or as a partner tells; nobody is named.

    It holds what people told and what their accounts showed: keep it as you would keep those.
    """
    from collections import Counter

    from api.cli import nearby
    from ml.books import lived

    if book.suffix != ".csv":
        raise typer.BadParameter("the file's name ends in .csv")
    with nearby.servers():
        loans = nearby.run(_loans())
    lived.write(loans, book, book.with_suffix(".toml"))
    told = ", ".join(f"{source} {count:,}" for source, count in sorted(Counter(loan.source for loan in loans).items()))
    typer.echo(f"{len(loans):,} loans in {book}{f': {told}' if told else ''}", err=True)


async def _loans() -> "list[LivedLoan]":
    from api import wiring  # noqa: F401  all tables must be known
    from infra import database
    from ml.books import lived

    async with database.reading() as db:
        return [loan async for loan in lived.loans_of(db)]
