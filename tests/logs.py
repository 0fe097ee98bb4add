"""What the house logs, kept for a test to read."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


class Lines(io.StringIO):
    """Where the house's loggers write instead of stderr."""

    def since(self, mark: int) -> str:
        return self.getvalue()[mark:]

    def mark(self) -> int:
        return len(self.getvalue())


@contextmanager
def writing_to(lines: Lines) -> Iterator[None]:
    """Loggers that are made meanwhile write here for good; stderr itself is replaced for as long as they are made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", lines)
        yield
