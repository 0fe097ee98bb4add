"""`longan train`: a model from any described loan book, with its page; `--json` for programs."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli import lab
from api.cli.options import AsJson
from infra import terminal

Book = Annotated[Path, typer.Argument(help="The loan book: CSV, gzipped CSV or Parquet.")]
Describe = Annotated[Path, typer.Option("--describe", help="What its columns are: see book.toml.")]
Page = Annotated[Path | None, typer.Option(dir_okay=False, help="Where to write the HTML page.")]
Into = Annotated[Path | None, typer.Option(file_okay=False, help="The folder that keeps models.")]
Known = Annotated[
    list[str] | None,
    typer.Option("--known", help="A column that was known before the decision, though it looks as if not; '*': all."),
]
Afterwards = Annotated[
    list[str] | None, typer.Option("--afterwards", help="A column that was filled in after the decision.")
]
Seed = Annotated[
    int, typer.Option(min=0, max=lab.SEED_MAX, help="The same book, description and seed give the same model.")
]


def train(
    book: Book,
    describe: Describe,
    as_json: AsJson = False,
    page: Page = None,
    into: Into = None,
    known: Known = None,
    afterwards: Afterwards = None,
    seed: Seed = 20261122,
) -> None:
    """Train, calibrate and test a model on a loan book."""
    with lab.progress() as progress, lab.refusals(as_json):
        progress("Starting", 0.0)
        from infra.settings import settings
        from ml.books import describing, reading
        from ml.books.findings import Notes
        from ml.lab.training import train as trained_on
        from ml.models import artefact as artefacts
        from ml.report import console, summary
        from ml.report.page import page as written

        notes = Notes()
        description = describing.read(describe).answered(known or (), afterwards or ())
        progress(f"Reading {book.name}", 0.0)
        table = reading.read(book, notes, encoding=description.encoding, separator=description.separator)
        trained = trained_on(table, description, seed=seed, progress=progress, notes=notes)
        page = page or settings().var / "reports" / f"{trained.artefact.version}.html"
        drawn = written(trained, title=book.name)
        with lab.saving():
            lab.write_whole(page, drawn)
            artefacts.save(trained.artefact, into or settings().var / "models")
    if as_json:
        lab.write(summary.of_training(trained, page=str(page)))
    else:
        console.training(trained, page=str(page), console=terminal.console())
