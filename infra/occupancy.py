"""One `longan up` per folder: whoever runs holds a lock on it, which the kernel takes back when he dies."""

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


def lock(file: TextIO) -> None:
    deadline = time.monotonic() + LEAVING_SECONDS_MAX
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            occupant = file.read()
            if occupant != LEAVING or time.monotonic() > deadline:
                raise Occupied(occupant) from None
        time.sleep(0.1)
