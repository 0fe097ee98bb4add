"""`longan evaluate`: one or more models on any book, with intervals, groups and paired differences."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli import lab
from api.cli.options import AsJson
from infra import terminal


def evaluate(
    models: Annotated[list[str], typer.Argument(help="Versions of kept models, or folders of models.")],
    book: Annotated[Path, typer.Option("--book", help="The loan book: CSV, gzipped CSV or Parquet.")],
    describe: Annotated[Path, typer.Option("--describe", help="What its columns are: see book.toml.")],
    as_json: AsJson = False,
) -> None:
    """Compare models on a loan book."""
    with lab.progress() as progress, lab.refusals(as_json):
        progress("Loading the models", 0.0)
        from infra.settings import settings
        from ml.books import describing, reading
        from ml.books.findings import Notes
        from ml.lab.comparing import compare
        from ml.models import artefact as artefacts
        from ml.report import console, summary

        kept = settings().var / "models"
        loaded = {name: artefacts.load(*lab.place(name, kept)) for name in models}
        notes = Notes()
        description = describing.read(describe)
        progress(f"Reading {book.name}", 0.1)
        table = reading.read(book, notes, encoding=description.encoding, separator=description.separator)
        progress("Checking the book", 0.2)
        comparison = compare(loaded, table, description, notes=notes, progress=progress)
    if as_json:
        lab.write(summary.of_comparison(comparison))
    else:
        console.comparison(comparison, console=terminal.console())
