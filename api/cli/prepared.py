"""Remembers what was prepared, so that a second start needs no look at migrations, seeds and models."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import api

HOUSE = Path(api.__file__).parents[1]
ROOMS = ("api", "integrations", "ml", "membership", "domain", "infra")
MEMORY = "prepared"


def is_prepared(var: Path) -> bool:
    try:
        return (var / MEMORY).read_text() == fingerprint(var)
    except FileNotFoundError:
        return False


def remember(var: Path) -> None:
    (var / MEMORY).write_text(fingerprint(var))


def forget(var: Path) -> None:
    (var / MEMORY).unlink(missing_ok=True)


def fingerprint(var: Path) -> str:
    """Changes when a file of ours does, when the data is another's, or when models come or go."""
    digest = hashlib.sha256()
    for path in (*files(), *kept(var)):
        found = path.stat()
        digest.update(f"{path} {found.st_mtime_ns} {found.st_size}\n".encode())
    return digest.hexdigest()


def files() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted(path for path in (HOUSE / room).rglob("*.*") if "__pycache__" not in path.parts)


def kept(var: Path) -> list[Path]:
    """The birth mark of the data, and the models."""
    models = sorted(path for path in (var / "models").rglob("*") if path.is_file())
    return [path for path in (var / "postgres/data/PG_VERSION",) if path.exists()] + models
