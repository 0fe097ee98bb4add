"""Identifiers: UUIDv7 inside, opaque and URL-safe outside."""

import base64
import binascii
from uuid import UUID

from uuid_utils.compat import uuid7

URL_SAFE = bytes.maketrans(b"+/", b"-_")


def new_id() -> UUID:
    return uuid7()


def read_id(text: str) -> UUID | None:
    """A UUID as an address or a form says it; None for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def global_id(kind: str, id: UUID) -> str:
    """The permanent id that clients see: base64url of kind and UUID, without padding."""
    raw = binascii.b2a_base64(kind.encode() + b":" + id.bytes, newline=False)
    return raw.rstrip(b"=").translate(URL_SAFE).decode()


def parse_global_id(text: str) -> tuple[str, UUID] | None:
    """(kind, id), or None where the text was never one of our ids."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return None
    kind, colon, id = raw[:-17], raw[-17:-16], raw[-16:]
    if colon != b":" or len(id) != 16 or not kind.isalpha():
        return None
    if global_id(kind.decode(), UUID(bytes=id)) != text:
        return None
    return kind.decode(), UUID(bytes=id)
