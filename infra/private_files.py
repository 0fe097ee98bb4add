"""Files that hold secrets: whole or not at all, readable by their owner only."""

import os
from pathlib import Path
from tempfile import mkstemp


def write_once(path: Path, content: bytes) -> None:
    """Make the file, unless it is there; of several at once, in one process or in many, the first one's stays."""
    if path.exists():
        return
    draft = _draft(path, content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)


def write(path: Path, content: bytes) -> None:
    """Make the file, or let this be in it instead."""
    os.replace(_draft(path, content), path)


def _draft(path: Path, content: bytes) -> str:
    """A file beside it with all of the content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = mkstemp(dir=path.parent, prefix=f"{path.stem}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft
