"""Files of an artefact in a folder of its own, where `longan train` leaves it and other machines may copy it."""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory


class ArtefactError(Exception):
    """The artefact is missing, damaged or of another format, or a row doesn't fit its inputs."""


def write(folder: Path, version: str, files: Mapping[str, bytes]) -> None:
    """Write a model to `folder/<version>`, in one step; two that write the same at once are both right."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".saving-") as saving:
        unfinished = Path(saving, version)
        unfinished.mkdir(mode=0o755)
        for name, content in files.items():
            _write(unfinished / name, content)
        try:
            unfinished.rename(folder / version)
        except OSError:
            if not (folder / version).exists():
                raise


def read(folder: Path, version: str) -> dict[str, bytes]:
    """All files of `folder/<version>`. Raises ArtefactError where there is no such folder."""
    try:
        return {path.name: path.read_bytes() for path in sorted((folder / version).iterdir()) if path.is_file()}
    except OSError as error:
        raise ArtefactError(f"Model {version} can't be read: {error.strerror}.") from error


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
