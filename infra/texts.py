"""Text that somebody writes and somebody else reads: one line that can be seen, and hides or turns around nothing beside it."""

import unicodedata
from collections.abc import Sequence

from infra.errors import invalid
from infra.words import N_

UNWRITABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # line breaks, marks that turn text around, and no characters
JOINERS = {"\u200c", "\u200d"}  # between letters and between emoji they are part of how a word is written
BLANK = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0"}  # letters and symbols that nobody sees


def is_line(text: str, most: int) -> bool:
    return len(text) <= most and all(map(_is_writable, text)) and any(map(_is_seen, text))


def line(text: str, most: int, field: Sequence[str]) -> str:
    """What somebody will read, without the spaces around it. Refuses INVALID what cannot be seen, or not on one line."""
    text = unicodedata.normalize("NFC", text).strip()
    if not is_line(text, most):
        raise invalid(N_("Write 1 to {most} visible characters on one line."), field, most=most)
    return text


def _is_writable(char: str) -> bool:
    return char in JOINERS or unicodedata.category(char) not in UNWRITABLE


def _is_seen(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNPS" and char not in BLANK
