"""Consent token: what the app hands to a partner, whose client shows it with each question. It is worked out, never stored."""

import base64
import re
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from domain.consent.consents import Consent
from infra import vault

PURPOSE = "consent-token"
PREFIX = "lct_"  # so that whoever finds one knows what it is
TOKEN = re.compile(PREFIX + r"([A-Za-z0-9_-]{64})")  # one spelling alone: uses are counted by it


def token_of(consent: Consent) -> str:
    """A consent's token, which is always the same; it tells nothing to whoever cannot open it."""
    sealed = _cipher().encrypt(consent.user_id.bytes + consent.id.bytes, [PURPOSE.encode()])
    return PREFIX + base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def opened(token: str) -> tuple[UUID, UUID] | None:
    """Whose consent it is for, and which; None where it is none of ours."""
    spelled = TOKEN.fullmatch(token)
    if spelled is None:
        return None
    try:
        said = _cipher().decrypt(base64.urlsafe_b64decode(spelled[1]), [PURPOSE.encode()])
    except InvalidTag:
        return None
    return UUID(bytes=said[:16]), UUID(bytes=said[16:])


def _cipher() -> AESSIV:
    return AESSIV(vault.mac(PURPOSE, b""))
