"""What commands share that take a while: a bar while they work, and refusals that a person or a program reads."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from infra import terminal

REFUSED = 2
SEED_MAX = 2**31 - 1


@contextmanager
def progress() -> Iterator[Callable[[str, float], None]]:
    """A bar on standard error, where a terminal can draw it; gone when the work is done."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description:<34}"), BarColumn(40), TimeElapsedColumn())
    console = terminal.console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Starting", total=1.0)
        yield lambda label, share: bar.update(task, description=label, completed=share)


@contextmanager
def counting(label: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for work that says how many of how many are done."""
    with progress() as report:
        report(label, 0.0)
        yield lambda done, of: report(label, done / of if of else 0.0)


@contextmanager
def refusals(as_json: bool, thing: str = "book") -> Iterator[None]:
    """A book or table that can't be used, or a model that can't be read, ends the command with exit code 2."""
    from ml.books.findings import BookRefused, Finding
    from ml.models.artefact import ArtefactError

    try:
        yield
    except BookRefused as refused:
        findings = refused.findings
    except ArtefactError as error:
        findings = [Finding(None, None, str(error))]
    else:
        return
    refuse(findings, as_json, thing)


@contextmanager
def saving() -> Iterator[None]:
    """A place that can't be written to is a sentence as well."""
    from ml.books.findings import BookRefused, Finding

    try:
        yield
    except OSError as error:
        raise BookRefused([Finding(None, None, f"{error.filename} can't be written: {error.strerror}")]) from error


@contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """A place that was named on the command line; one that can't be written to is a sentence, and nothing else is done."""
    try:
        yield
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else "it is no place for files"
        raise typer.BadParameter(f"{path} can't be written: {why}") from error


def write_whole(path: Path, text: str) -> None:
    """All of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.writing")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def refuse(findings: list[Any], as_json: bool, thing: str = "book") -> None:
    from ml.report import console, summary

    if as_json:
        write(summary.of_refusal(findings))
    else:
        console.refusal(findings, thing, console=terminal.console(stderr=True))
    raise typer.Exit(REFUSED)


def write(thing: dict[str, Any]) -> None:
    """One JSON object, with null for figures that don't exist."""
    sys.stdout.write(json.dumps(_finite(thing), ensure_ascii=False, indent=2) + "\n")


def place(model: str, kept: Path) -> tuple[Path, str]:
    """The folder and version of a model that was named by its version or by its folder."""
    path = Path(model)
    return (path.resolve().parent, path.resolve().name) if path.is_dir() else (kept, model)


def _finite(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {name: _finite(value) for name, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_finite(value) for value in thing]
    return None if isinstance(thing, float) and thing != thing else thing
