"""Seats: how many sockets and subscriptions one address or person holds in this process."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class NoSeat(Exception):
    """Whoever asks holds as many already as they may."""


_taken: Counter[str] = Counter()


@contextmanager
def seat(name: str, most: int) -> Iterator[None]:
    """Take one of the `most` seats of this name while the block lasts. Raises Full."""
    if _taken[name] >= most:
        raise NoSeat
    _taken[name] += 1
    try:
        yield
    finally:
        _taken[name] -= 1
        if not _taken[name]:
            del _taken[name]
