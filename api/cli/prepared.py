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
    """Changes when a file of ours does, or when the data, and with it the models, is another's."""
    digest = hashlib.sha256()
    birth_mark = var / "postgres/data/PG_VERSION"
    for path in (*files(), *([birth_mark] if birth_mark.exists() else [])):
        found = path.stat()
        digest.update(f"{path} {found.st_mtime_ns} {found.st_size}\n".encode())
    return digest.hexdigest()


def files() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted(path for path in (HOUSE / room).rglob("*.*") if "__pycache__" not in path.parts)
