"""Files that hold secrets: made once, whole or not at all, readable by their owner only."""

import os
from pathlib import Path


def write_once(path: Path, content: bytes) -> None:
    """Make the file, unless it is there; of two processes, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
