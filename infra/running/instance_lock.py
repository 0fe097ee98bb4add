"""One `longan up` per folder: whoever runs holds a lock on it, which the kernel takes back when they die."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

LEAVING = "leaving"
LEAVING_SECONDS_MAX = 20.0
GLANCE_SECONDS_MAX = 0.3  # somebody may only be asking who is here


class Occupied(Exception):
    """Somebody else runs here."""


class Occupancy:
    def __init__(self, file: TextIO) -> None:
        self.file = file

    def say(self, text: str) -> None:
        self.file.seek(0)
        self.file.truncate()
        self.file.write(text)
        self.file.flush()

    def leave(self) -> None:
        """Lets the next one wait for us instead of giving up."""
        self.say(LEAVING)


@contextmanager
def occupy(folder: Path, address: str) -> Iterator[Occupancy]:
    """Raises `Occupied`, with a sentence that says who and where."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "occupied").open("a+") as file:
        lock(file)
        occupancy = Occupancy(file)
        occupancy.say(f"process {os.getpid()}, {address}, since {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
        yield occupancy
        occupancy.say("")


def occupant(folder: Path) -> str | None:
    """What whoever runs here says of themselves; None where nobody does."""
    try:
        with (folder / "occupied").open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read()
    except FileNotFoundError:
        pass
    return None


def lock(file: TextIO) -> None:
    began = time.monotonic()
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            occupant = file.read()
            patience = LEAVING_SECONDS_MAX if occupant == LEAVING else GLANCE_SECONDS_MAX
            if time.monotonic() > began + patience:
                raise Occupied(occupant) from None
        time.sleep(0.05)
