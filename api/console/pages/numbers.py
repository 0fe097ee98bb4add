"""Whole numbers, as an address or a form says them."""

DIGITS_MAX = 9  # no more than any column has room for


def read_whole(text: str) -> int | None:
    """A number from 0 on; None for what is none, or has more digits than anything that is counted."""
    return int(text) if text.isdecimal() and len(text) <= DIGITS_MAX else None
