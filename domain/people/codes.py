"""Codes of digits as people type and paste them: in halves, with a dash, in full width."""

import re
import unicodedata

TYPED_MAX = 64  # what is longer is no code, whatever stands in it
BETWEEN = re.compile(r"[ \u00a0\u2010-\u2015\u2212-]")


def as_digits(text: str) -> str:
    """A code in plain digits, without what stands between them. What is no code stays as it is, and will be wrong."""
    if len(text) > TYPED_MAX:
        return text
    plain = BETWEEN.sub("", unicodedata.normalize("NFKC", text).strip(" \t"))
    return plain if plain.isascii() and plain.isdigit() else text
