"""Sealed tokens: a few bytes that we alone can make and read; the same bytes make the same token, so that none is stored."""

import base64
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from infra import vault

MARK_BYTES = 16


class SealedToken:
    """One kind of token for `length` bytes. `prefix`: so that whoever finds one knows what it is."""

    def __init__(self, prefix: str, purpose: str, length: int) -> None:
        self._prefix, self._purpose = prefix, purpose
        characters = (8 * (length + MARK_BYTES) + 5) // 6
        self._spelled = re.compile(re.escape(prefix) + f"([A-Za-z0-9_-]{{{characters}}})")

    def of(self, said: bytes) -> str:
        """A token that tells nothing to whoever cannot open it."""
        sealed = self._cipher().encrypt(said, [self._purpose.encode()])
        return self._prefix + base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def opened(self, token: str) -> bytes | None:
        """What it was made of; None where we never made it, or not spelled so: uses are counted by the spelling."""
        spelled = self._spelled.fullmatch(token)
        if spelled is None:
            return None
        try:
            sealed = base64.urlsafe_b64decode(spelled[1] + "=" * (-len(spelled[1]) % 4))
            said = self._cipher().decrypt(sealed, [self._purpose.encode()])
        except InvalidTag:
            return None
        return said if self.of(said) == token else None

    def _cipher(self) -> AESSIV:
        return AESSIV(vault.mac(self._purpose, b""))
